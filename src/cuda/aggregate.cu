// The aggregate core of Linear Dispatcher Attention: a streaming softmax over a segment's tokens,
// each token read once. Below, Q = H k is the number of absorbed queries of a sequence.
//
// A block takes a chunk of a segment's tokens, tile by tile; the chunks' results are combined in
// order. Their bounds, and so a sequence's result, do not depend on the batch.
#include "base/error.h"
#include "cuda/chunks.h"
#include "cuda/reduce.h"
#include "cuda/runtime.h"
#include "cuda/streaming_softmax.cuh"
#include "cuda/token_tile.cuh"
#include "tensor/kernels/aggregate.h"

namespace elastic::cuda {
namespace {

// Sizes and inputs of both directions.
template <class T>
struct Aggregate {
  const T* x;
  const T* query;  ///< [B, Q, D]
  const std::int32_t* offsets;
  NormView<T> norm;
  int dim;
  int queries;
  int group;  ///< queries that a block holds at a time
  int tile;   ///< tokens likewise
};

// Shared memory of the forward kernel, in elements.
struct GatherLayout {
  int query, z, scores, pooled, maximum, denominator, factor, size;

  __host__ __device__ GatherLayout(int group, int tile, int dim) {
    query = 0;
    z = query + tile_size(group, dim);
    scores = z + tile_size(tile, dim);
    pooled = scores + tile_size(group, tile);
    maximum = pooled + tile_size(group, dim);
    denominator = maximum + group;
    factor = denominator + group;
    size = factor + group;
  }
};

// Writes a chunk's running softmax to running[slot]: maxima [Q], denominators [Q], sums [Q, D].
template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2) aggregate_kernel(Aggregate<T> p, T* running) {
  const Chunk chunk = chunk_of(p.offsets);
  if (chunk.begin >= chunk.end) {
    return;
  }
  const int first = static_cast<int>(blockIdx.z) * p.group;
  const int queries = first + p.group < p.queries ? p.group : p.queries - first;
  const GatherLayout at(p.group, p.tile, p.dim);
  T* shared = dynamic_shared<T>();
  clear_shared(shared, at.size);
  T* query = shared + at.query;
  T* z = shared + at.z;
  T* scores = shared + at.scores;
  T* pooled = shared + at.pooled;
  T* maximum = shared + at.maximum;
  T* denominator = shared + at.denominator;
  T* factor = shared + at.factor;
  const std::int64_t first_query = static_cast<std::int64_t>(chunk.segment) * p.queries + first;
  load_tile(p.query + first_query * p.dim, p.dim, queries, p.dim, query);
  for (int q = thread_index(); q < queries; q += num_threads()) {
    maximum[q] = lowest<T>();
  }
  const int score_stride = row_stride(p.tile);
  const int dim_stride = row_stride(p.dim);
  for (std::int64_t begin = chunk.begin; begin < chunk.end; begin += p.tile) {
    const int rows = chunk.end - begin < p.tile ? static_cast<int>(chunk.end - begin) : p.tile;
    load_norm_tile({p.x, begin, rows, p.tile, p.dim}, p.norm, z, static_cast<Moments<T>*>(nullptr));
    __syncthreads();
    block_product<kTensorCores>(rows_of(query, p.dim),
                                transposed(z, p.dim),
                                queries,
                                rows,
                                p.dim,
                                [&](int q, int t, T sum) { scores[q * score_stride + t] = sum; });
    __syncthreads();
    streaming_softmax(
        scores, queries, p.tile, [&](int) { return rows; }, maximum, denominator, factor);
    __syncthreads();
    block_product<kTensorCores>(rows_of(scores, p.tile),
                                rows_of(z, p.dim),
                                queries,
                                p.dim,
                                p.tile,
                                [&](int q, int j, T sum) {
                                  T& value = pooled[q * dim_stride + j];
                                  value = value * factor[q] + sum;
                                });
    __syncthreads();
  }
  T* out = running + chunk.slot * p.queries * (p.dim + 2);
  for (int q = thread_index(); q < queries; q += num_threads()) {
    out[first + q] = maximum[q];
    out[p.queries + first + q] = denominator[q];
  }
  T* sums = out + 2 * p.queries + static_cast<std::int64_t>(first) * p.dim;
  for_each_element(queries, p.dim, [&](int q, int j) {
    sums[static_cast<std::int64_t>(q) * p.dim + j] = pooled[q * dim_stride + j];
  });
}

// A warp combines the chunks of one segment's query.
template <class T>
__global__ void combine_kernel(
    Aggregate<T> p, const T* running, std::int64_t count, int max_chunks, T* pooled, T* log_sum) {
  const std::int64_t row = p.dim + 2;
  for (std::int64_t i = grid_warp(); i < count; i += grid_warps()) {
    const std::int64_t b = i / p.queries;
    const std::int64_t q = i % p.queries;
    const int length = p.offsets[b + 1] - p.offsets[b];
    const int chunks = (length + kTokenChunk - 1) / kTokenChunk;
    const T* base = running + b * max_chunks * p.queries * row;
    const auto part = [&](int c) { return base + c * p.queries * row; };
    T maximum = lowest<T>();
    for (int c = 0; c < chunks; ++c) {
      const T other = part(c)[q];
      maximum = maximum < other ? other : maximum;
    }
    T denominator = 0;
    for (int c = 0; c < chunks; ++c) {
      denominator += part(c)[p.queries + q] * exp(part(c)[q] - maximum);
    }
    for (int j = lane_index(); j < p.dim; j += kWarp) {
      T sum = 0;
      for (int c = 0; c < chunks; ++c) {
        sum += part(c)[2 * p.queries + q * p.dim + j] * exp(part(c)[q] - maximum);
      }
      pooled[i * p.dim + j] = denominator > T(0) ? sum / denominator : T(0);
    }
    if (lane_index() == 0) {
      log_sum[i] = maximum + log(denominator);
    }
  }
}

// Shared memory of the backward kernel, in elements.
struct GatherGradLayout {
  int query, grad_pooled, z, grad_z, scores, grad_scores, delta, log_sum, moments, norm_sums,
      grad_query, size;

  __host__ __device__ GatherGradLayout(int group, int tile, int dim, bool keep_grad_query) {
    query = 0;
    grad_pooled = query + tile_size(group, dim);
    z = grad_pooled + tile_size(group, dim);
    grad_z = z + tile_size(tile, dim);
    scores = grad_z + tile_size(tile, dim);
    grad_scores = scores + tile_size(group, tile);
    delta = grad_scores + tile_size(group, tile);
    log_sum = delta + group;
    moments = log_sum + group;
    norm_sums = moments + 2 * tile;
    grad_query = norm_sums + 2 * column_sum_size(dim);
    size = grad_query + (keep_grad_query ? group * dim : 0);
  }
};

// The outputs and their gradients, as the backward kernel reads them.
template <class T>
struct Pooled {
  const T* pooled;     ///< [B, Q, D]
  const T* log_sums;   ///< [B, Q]
  const T* gradients;  ///< of `pooled`
};

// Loads queries [first, first + queries) of a segment with the gradients of their outputs, log sums
// and delta = gradient . output.
template <class T>
__device__ __forceinline__ void load_experts(const Aggregate<T>& p,
                                             const Pooled<T>& outputs,
                                             const GatherGradLayout& at,
                                             int segment,
                                             int first,
                                             int queries,
                                             T* shared) {
  T* query = shared + at.query;
  T* grad_pooled = shared + at.grad_pooled;
  const std::int64_t row = static_cast<std::int64_t>(segment) * p.queries + first;
  load_tile(p.query + row * p.dim, p.dim, queries, p.dim, query);
  load_tile(outputs.gradients + row * p.dim, p.dim, queries, p.dim, grad_pooled);
  clear_rows(query, p.dim, queries, p.group);
  clear_rows(grad_pooled, p.dim, queries, p.group);
  for (int q = warp_index(); q < queries; q += kWarps) {
    T dot = 0;
    for (int j = lane_index(); j < p.dim; j += kWarp) {
      dot += outputs.gradients[(row + q) * p.dim + j] * outputs.pooled[(row + q) * p.dim + j];
    }
    dot = warp_sum(dot);
    if (lane_index() == 0) {
      shared[at.delta + q] = dot;
      shared[at.log_sum + q] = outputs.log_sums[row + q];
    }
  }
}

// Probabilities p_t and ds_t [group, tile] of `queries` queries and `rows` tokens, zero outside;
// with a barrier inside and after.
template <bool kTensorCores, class T>
__device__ __forceinline__ void gather_score_gradients(
    const Aggregate<T>& p, const GatherGradLayout& at, int queries, int rows, T* shared) {
  T* scores = shared + at.scores;
  T* grads = shared + at.grad_scores;
  const T* log_sum = shared + at.log_sum;
  const T* delta = shared + at.delta;
  const int stride = row_stride(p.tile);
  block_product<kTensorCores>(rows_of(shared + at.query, p.dim),
                              transposed(shared + at.z, p.dim),
                              queries,
                              p.tile,
                              p.dim,
                              [&](int q, int t, T sum) {
                                scores[q * stride + t] = t < rows ? exp(sum - log_sum[q]) : T(0);
                              });
  block_product<kTensorCores>(rows_of(shared + at.grad_pooled, p.dim),
                              transposed(shared + at.z, p.dim),
                              queries,
                              p.tile,
                              p.dim,
                              [&](int q, int t, T sum) { grads[q * stride + t] = sum - delta[q]; });
  __syncthreads();
  for_each_element(p.group, p.tile, [&](int q, int t) {
    const int e = q * stride + t;
    grads[e] = q < queries ? grads[e] * scores[e] : T(0);
    scores[e] = q < queries ? scores[e] : T(0);
  });
  __syncthreads();
}

// Adds to grad_z [rows, D] a group's ds_t u + p_t g, with a barrier between and after; the first
// group sets it.
template <bool kTensorCores, class T>
__device__ __forceinline__ void add_token_gradients(
    const Aggregate<T>& p, const GatherGradLayout& at, bool first_group, int rows, T* shared) {
  T* grad_z = shared + at.grad_z;
  const int stride = row_stride(p.dim);
  block_product<kTensorCores>(transposed(shared + at.grad_scores, p.tile),
                              rows_of(shared + at.query, p.dim),
                              rows,
                              p.dim,
                              p.group,
                              [&](int t, int j, T sum) {
                                T& out = grad_z[t * stride + j];
                                out = first_group ? sum : out + sum;
                              });
  __syncthreads();
  block_product<kTensorCores>(transposed(shared + at.scores, p.tile),
                              rows_of(shared + at.grad_pooled, p.dim),
                              rows,
                              p.dim,
                              p.group,
                              [&](int t, int j, T sum) { grad_z[t * stride + j] += sum; });
  __syncthreads();
}

// With p = softmax_t(z_t . u), c = sum_t p_t z_t and g = dL/dc:
//   ds_t = p_t (g . z_t - g . c),  du = sum_t ds_t z_t,  dz_t = sum over queries of ds_t u + p_t g.
// Adds into grad_x; a chunk's other gradients go to query_partials[slot] [Q, D], zero before where
// there are several groups, and norm_partials[slot] [2 D].
template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2) aggregate_backward_kernel(
    Aggregate<T> p, Pooled<T> outputs, T* grad_x, T* query_partials, T* norm_partials) {
  const Chunk chunk = chunk_of(p.offsets);
  if (chunk.begin >= chunk.end) {
    return;
  }
  const bool one_group = p.group >= p.queries;
  const GatherGradLayout at(p.group, p.tile, p.dim, one_group);
  T* shared = dynamic_shared<T>();
  clear_shared(shared, at.size);
  T* z = shared + at.z;
  T* grad_z = shared + at.grad_z;
  T* grad_scores = shared + at.grad_scores;
  auto* moments = reinterpret_cast<Moments<T>*>(shared + at.moments);
  T* norm_sums = shared + at.norm_sums;
  T* partial = query_partials + chunk.slot * p.queries * p.dim;
  const int dim_stride = row_stride(p.dim);
  for (std::int64_t begin = chunk.begin; begin < chunk.end; begin += p.tile) {
    const int rows = chunk.end - begin < p.tile ? static_cast<int>(chunk.end - begin) : p.tile;
    const TokenTile<T> tile{p.x, begin, rows, p.tile, p.dim};
    load_norm_tile(tile, p.norm, z, moments);
    for (int first = 0; first < p.queries; first += p.group) {
      const int queries = first + p.group < p.queries ? p.group : p.queries - first;
      if (!one_group || begin == chunk.begin) {
        load_experts(p, outputs, at, chunk.segment, first, queries, shared);
      }
      __syncthreads();
      gather_score_gradients<kTensorCores>(p, at, queries, rows, shared);
      T* sums =
          one_group ? shared + at.grad_query : partial + static_cast<std::int64_t>(first) * p.dim;
      block_product<kTensorCores>(rows_of(grad_scores, p.tile),
                                  rows_of(z, p.dim),
                                  queries,
                                  p.dim,
                                  p.tile,
                                  [&](int q, int j, T sum) { sums[q * p.dim + j] += sum; });
      add_token_gradients<kTensorCores>(p, at, first == 0, rows, shared);
    }
    norm_tile_backward(tile, p.norm, moments, grad_z, grad_x, grad_x, z);
    __syncthreads();
    add_column_sums(z, dim_stride, rows, p.dim, norm_sums);
    add_column_sums(grad_z, dim_stride, rows, p.dim, norm_sums + column_sum_size(p.dim));
    __syncthreads();
  }
  if (one_group) {
    for (int e = thread_index(); e < p.queries * p.dim; e += num_threads()) {
      partial[e] = shared[at.grad_query + e];
    }
  }
  T* norm_partial = norm_partials + chunk.slot * 2 * p.dim;
  store_column_sums(norm_sums, p.dim, norm_partial);
  store_column_sums(norm_sums + column_sum_size(p.dim), p.dim, norm_partial + p.dim);
}

template <class T>
Aggregate<T> aggregate_of(const Tensor& x,
                          const Norm& norm,
                          const Tensor& query,
                          const Segments& segments) {
  Aggregate<T> p{};
  p.x = x.data<T>();
  p.query = query.data<T>();
  p.offsets = segments.device_offsets().data<std::int32_t>();
  p.norm = NormView<T>(norm);
  p.dim = static_cast<int>(x.cols());
  p.queries = static_cast<int>(query.shape()[1] * query.shape()[2]);
  return p;
}

template <class T>
void aggregate_forward(const kernels::AggregateForward& k) {
  const char* op = k.kName;
  Aggregate<T> p = aggregate_of<T>(k.x, k.norm, k.query, k.segments);
  choose_tiles<T>(op, p.queries, 1, p.group, p.tile, [&](int group, int tile) {
    return GatherLayout(group, tile, p.dim).size;
  });
  const int chunks = max_chunks(k.segments);
  const std::int64_t batch = k.segments.size();
  Tensor running = workspace<T>(batch * chunks * p.queries * (p.dim + 2));
  const dim3 grid(static_cast<unsigned int>(batch),
                  static_cast<unsigned int>(chunks),
                  blocks_of(p.queries, p.group));
  with_tensor_cores<T>([&](auto tensor_cores) {
    runtime().launch(
        op,
        aggregate_kernel<decltype(tensor_cores)::value, T>,
        grid,
        kThreads,
        static_cast<std::size_t>(GatherLayout(p.group, p.tile, p.dim).size) * sizeof(T),
        p,
        running.data<T>());
  });
  const std::int64_t count = batch * p.queries;
  launch(op,
         combine_kernel<T>,
         row_grid(count),
         p,
         running.data<T>(),
         count,
         chunks,
         k.pooled.data<T>(),
         k.log_sum.data<T>());
}

template <class T>
void aggregate_backward(const kernels::AggregateBackward& k) {
  const char* op = k.kName;
  Aggregate<T> p = aggregate_of<T>(k.x, k.norm, k.query, k.segments);
  const auto size = [&](int group, int tile) {
    return GatherGradLayout(group, tile, p.dim, group >= p.queries).size;
  };
  choose_tiles<T>(op, p.queries, 1, p.group, p.tile, size);
  const int chunks = max_chunks(k.segments);
  const std::int64_t slots = k.segments.size() * chunks;
  const std::int64_t partial_size = slots * p.queries * p.dim;
  Tensor query_partials =
      p.group < p.queries ? zero_workspace<T>(op, partial_size) : workspace<T>(partial_size);
  Tensor norm_partials = zero_workspace<T>(op, slots * 2 * p.dim);
  const Pooled<T> outputs{k.pooled.data<T>(), k.log_sum.data<T>(), k.grad_pooled.data<T>()};
  with_tensor_cores<T>([&](auto tensor_cores) {
    runtime().launch(
        op,
        aggregate_backward_kernel<decltype(tensor_cores)::value, T>,
        dim3(static_cast<unsigned int>(k.segments.size()), static_cast<unsigned int>(chunks)),
        kThreads,
        static_cast<std::size_t>(size(p.group, p.tile)) * sizeof(T),
        p,
        outputs,
        k.grad_x.data<T>(),
        query_partials.data<T>(),
        norm_partials.data<T>());
  });
  sum_chunks(op, query_partials.data<T>(), k.segments, p.queries * p.dim, k.grad_query.data<T>());
  write_norm_gradient(op, norm_partials.data<T>(), slots, p.dim, k.grad_norm);
}

const OnCuda aggregate_forward_entry{aggregate_forward<float>, aggregate_forward<double>};

const OnCuda aggregate_backward_entry{aggregate_backward<float>, aggregate_backward<double>};

}  // namespace
}  // namespace elastic::cuda

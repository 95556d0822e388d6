// The dispatch core of Linear Dispatcher Attention with its norm, bias, dropout and residual: every
// token reads its sequence's experts. Below, Q = H k columns of scores, k adjacent ones a head.
//
// A block takes a chunk of a segment's tokens, tile by tile. Where not all heads' keys and values
// fit into its shared memory, it takes them in groups of heads, again for each tile.
#include "cuda/chunks.h"
#include "cuda/dropout.cuh"
#include "cuda/head_softmax.cuh"
#include "cuda/reduce.h"
#include "cuda/runtime.h"
#include "cuda/token_tile.cuh"
#include "tensor/kernels/dispatch.h"

namespace elastic::cuda {
namespace {

template <class T>
struct Dispatch {
  const T* x;
  const T* key;    ///< [B, Q, D]
  const T* value;  ///< [B, Q, D]
  const std::int32_t* offsets;
  NormView<T> norm;
  DropoutView<T> dropout;
  int dim;
  int experts;  ///< k
  int columns;  ///< Q
  int group;    ///< columns that a block holds at a time, whole heads
  int tile;     ///< tokens likewise
};

struct DispatchLayout {
  int key, value, z, mixed, probs, size;

  __host__ __device__ DispatchLayout(int group, int tile, int dim) {
    key = 0;
    value = key + tile_size(group, dim);
    z = value + tile_size(group, dim);
    mixed = z + tile_size(tile, dim);
    probs = mixed + tile_size(tile, dim);
    size = probs + tile_size(tile, group);
  }
};

template <class T>
__device__ void load_experts(
    const Dispatch<T>& p, int segment, int first, int columns, T* key, T* value) {
  const std::int64_t at = (static_cast<std::int64_t>(segment) * p.columns + first) * p.dim;
  load_tile(p.key + at, p.dim, columns, p.dim, key);
  load_tile(p.value + at, p.dim, columns, p.dim, value);
  clear_rows(key, p.dim, columns, p.group);
  clear_rows(value, p.dim, columns, p.group);
}

// scores [rows, columns] = rows of x [tile, D] times the columns' experts [group, D] transposed.
template <bool kTensorCores, class T>
__device__ __forceinline__ void multiply_experts(
    const Dispatch<T>& p, const T* x, const T* experts, int rows, int columns, T* scores) {
  const int stride = row_stride(p.group);
  block_product<kTensorCores>(rows_of(x, p.dim),
                              transposed(experts, p.dim),
                              rows,
                              columns,
                              p.dim,
                              [&](int t, int q, T sum) { scores[t * stride + q] = sum; });
}

// out [rows, D] = weights [rows, columns] times the columns' experts; added up over the groups of
// columns, of which the first begins at column 0.
template <bool kTensorCores, class T>
__device__ __forceinline__ void mix_experts(const Dispatch<T>& p,
                                            const T* weights,
                                            const T* experts,
                                            int rows,
                                            int first,
                                            int columns,
                                            T* out) {
  const int stride = row_stride(p.dim);
  block_product<kTensorCores>(rows_of(weights, p.group),
                              rows_of(experts, p.dim),
                              rows,
                              p.dim,
                              columns,
                              [&](int t, int j, T sum) {
                                T& result = out[t * stride + j];
                                result = first == 0 ? sum : result + sum;
                              });
}

// gradient [columns, D] += weights [tile, columns] transposed times rows of x [tile, D].
template <bool kTensorCores, class T>
__device__ __forceinline__ void add_expert_gradient(
    const Dispatch<T>& p, const T* weights, const T* x, int columns, T* gradient) {
  block_product<kTensorCores>(transposed(weights, p.group),
                              rows_of(x, p.dim),
                              columns,
                              p.dim,
                              p.tile,
                              [&](int q, int j, T sum) { gradient[q * p.dim + j] += sum; });
}

// visit(element, row, column, factor) for every element of the tile of `rows` tokens from `begin`,
// with its factor of dropout.
template <class T, class Visit>
__device__ __forceinline__ void for_each_kept(const Dispatch<T>& p,
                                              std::int64_t begin,
                                              int rows,
                                              const Visit& visit) {
  const Divider by_dim(p.dim);
  const std::int64_t first = begin * p.dim;
  const std::int64_t count = static_cast<std::int64_t>(rows) * p.dim;
  const int units = static_cast<int>(dropout_units(first, count));
  for (int unit = thread_index(); unit < units; unit += num_threads()) {
    for_dropout_unit(p.dropout, first, count, unit, [&](std::int64_t e, T factor) {
      const int place = static_cast<int>(e - first);
      const int i = by_dim.quotient(place);
      visit(e, i, place - i * p.dim, factor);
    });
  }
}

template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2) dispatch_kernel(Dispatch<T> p, const T* bias, T* y) {
  const Chunk chunk = chunk_of(p.offsets);
  if (chunk.begin >= chunk.end) {
    return;
  }
  const DispatchLayout at(p.group, p.tile, p.dim);
  T* shared = dynamic_shared<T>();
  clear_shared(shared, at.size);
  T* key = shared + at.key;
  T* value = shared + at.value;
  T* z = shared + at.z;
  T* mixed = shared + at.mixed;
  T* probs = shared + at.probs;
  const int dim_stride = row_stride(p.dim);
  const int score_stride = row_stride(p.group);
  const bool one_group = p.group >= p.columns;
  for (std::int64_t begin = chunk.begin; begin < chunk.end; begin += p.tile) {
    const int rows = chunk.end - begin < p.tile ? static_cast<int>(chunk.end - begin) : p.tile;
    load_norm_tile({p.x, begin, rows, p.tile, p.dim}, p.norm, z, static_cast<Moments<T>*>(nullptr));
    for (int first = 0; first < p.columns; first += p.group) {
      const int columns = first + p.group < p.columns ? p.group : p.columns - first;
      if (!one_group || begin == chunk.begin) {
        load_experts(p, chunk.segment, first, columns, key, value);
      }
      __syncthreads();
      multiply_experts<kTensorCores>(p, z, key, rows, columns, probs);
      __syncthreads();
      softmax_heads(probs, rows, columns, p.experts, score_stride);
      __syncthreads();
      mix_experts<kTensorCores>(p, probs, value, rows, first, columns, mixed);
      __syncthreads();
    }
    for_each_kept(p, begin, rows, [&](std::int64_t e, int i, int j, T factor) {
      y[e] = __ldg(p.x + e) + factor * (mixed[i * dim_stride + j] + bias[j]);
    });
    __syncthreads();
  }
}

struct DispatchGradLayout {
  int key, value, z, grad, grad_z, probs, grad_scores, moments, sums, grad_key, grad_value, size;

  __host__ __device__ DispatchGradLayout(int group, int tile, int dim, bool keep_grads) {
    key = 0;
    value = key + tile_size(group, dim);
    z = value + tile_size(group, dim);
    grad = z + tile_size(tile, dim);
    grad_z = grad + tile_size(tile, dim);
    probs = grad_z + tile_size(tile, dim);
    grad_scores = probs + tile_size(tile, group);
    moments = grad_scores + tile_size(tile, group);
    sums = moments + 2 * tile;
    grad_key = sums + 3 * column_sum_size(dim);
    grad_value = grad_key + (keep_grads ? group * dim : 0);
    size = grad_value + (keep_grads ? group * dim : 0);
  }
};

// Adds a tile's column sums [3, D]: of the norm's weight and bias and of the bias.
template <class T>
__device__ __forceinline__ void add_sums(
    const Dispatch<T>& p, const T* weights, const T* biases, const T* grad, int rows, T* sums) {
  const int stride = row_stride(p.dim);
  const int sum_size = column_sum_size(p.dim);
  add_column_sums(weights, stride, rows, p.dim, sums);
  add_column_sums(biases, stride, rows, p.dim, sums + sum_size);
  add_column_sums(grad, stride, rows, p.dim, sums + 2 * sum_size);
}

// Writes a chunk's gradients: of key and value, where they are kept in shared memory, to partial
// [2, Q, D], and the column sums to sum_partial [3, D].
template <class T>
__device__ __forceinline__ void store_chunk(const Dispatch<T>& p,
                                            const DispatchGradLayout& at,
                                            bool keep_grads,
                                            T* shared,
                                            T* partial,
                                            T* sum_partial) {
  if (keep_grads) {
    const std::int64_t half = static_cast<std::int64_t>(p.columns) * p.dim;
    for (int e = thread_index(); e < p.columns * p.dim; e += num_threads()) {
      partial[e] = shared[at.grad_key + e];
      partial[half + e] = shared[at.grad_value + e];
    }
  }
  for (int part = 0; part < 3; ++part) {
    store_column_sums(
        shared + at.sums + part * column_sum_size(p.dim), p.dim, sum_partial + part * p.dim);
  }
}

// A chunk's gradients of key, value [Q, D] go to partials[slot] [2, Q, D], zero before where there
// are several groups; of the norm's weight and bias and of the bias to sum_partials[slot] [3, D].
template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2) dispatch_backward_kernel(
    Dispatch<T> p, const T* grad_y, T* grad_x, T* partials, T* sum_partials) {
  const Chunk chunk = chunk_of(p.offsets);
  if (chunk.begin >= chunk.end) {
    return;
  }
  const bool one_group = p.group >= p.columns;
  const DispatchGradLayout at(p.group, p.tile, p.dim, one_group);
  T* shared = dynamic_shared<T>();
  clear_shared(shared, at.size);
  T* key = shared + at.key;
  T* value = shared + at.value;
  T* z = shared + at.z;
  T* grad = shared + at.grad;
  T* grad_z = shared + at.grad_z;
  T* probs = shared + at.probs;
  T* grad_scores = shared + at.grad_scores;
  auto* moments = reinterpret_cast<Moments<T>*>(shared + at.moments);
  const int dim_stride = row_stride(p.dim);
  const int score_stride = row_stride(p.group);
  const std::int64_t half = static_cast<std::int64_t>(p.columns) * p.dim;
  T* partial = partials + chunk.slot * 2 * half;
  for (std::int64_t begin = chunk.begin; begin < chunk.end; begin += p.tile) {
    const int rows = chunk.end - begin < p.tile ? static_cast<int>(chunk.end - begin) : p.tile;
    const TokenTile<T> tile{p.x, begin, rows, p.tile, p.dim};
    load_norm_tile(tile, p.norm, z, moments);
    for_each_kept(p, begin, rows, [&](std::int64_t e, int i, int j, T factor) {
      grad[i * dim_stride + j] = factor * __ldg(grad_y + e);
    });
    clear_rows(grad, p.dim, rows, p.tile);
    for (int first = 0; first < p.columns; first += p.group) {
      const int columns = first + p.group < p.columns ? p.group : p.columns - first;
      if (!one_group || begin == chunk.begin) {
        load_experts(p, chunk.segment, first, columns, key, value);
      }
      __syncthreads();
      multiply_experts<kTensorCores>(p, z, key, rows, columns, probs);
      multiply_experts<kTensorCores>(p, grad, value, rows, columns, grad_scores);
      __syncthreads();
      softmax_heads(probs, rows, columns, p.experts, score_stride);
      __syncthreads();
      softmax_heads_backward(probs, grad_scores, rows, columns, p.experts, score_stride);
      clear_rows(probs, p.group, rows, p.tile);
      clear_rows(grad_scores, p.group, rows, p.tile);
      __syncthreads();
      const std::int64_t at_first = std::int64_t{first} * p.dim;
      T* grad_key = one_group ? shared + at.grad_key : partial + at_first;
      T* grad_value = one_group ? shared + at.grad_value : partial + half + at_first;
      add_expert_gradient<kTensorCores>(p, probs, grad, columns, grad_value);
      add_expert_gradient<kTensorCores>(p, grad_scores, z, columns, grad_key);
      mix_experts<kTensorCores>(p, grad_scores, key, rows, first, columns, grad_z);
      __syncthreads();
    }
    norm_tile_backward(tile, p.norm, moments, grad_z, grad_y, grad_x, z);
    __syncthreads();
    add_sums(p, z, grad_z, grad, rows, shared + at.sums);
    __syncthreads();
  }
  store_chunk(p, at, one_group, shared, partial, sum_partials + chunk.slot * 3 * p.dim);
}

// [B, 2, row] -> two of [B, row].
template <class T>
__global__ void split_kernel(
    const T* source, std::int64_t batch, std::int64_t row, T* first, T* second) {
  for (std::int64_t i = grid_thread(); i < batch * row; i += grid_size()) {
    const std::int64_t at = i / row * 2 * row + i % row;
    first[i] = source[at];
    second[i] = source[at + row];
  }
}

template <class T>
Dispatch<T> dispatch_of(const Tensor& x,
                        const Norm& norm,
                        const Tensor& key,
                        const Tensor& value,
                        const Segments& segments,
                        const Dropout& dropout) {
  Dispatch<T> p{};
  p.x = x.data<T>();
  p.key = key.data<T>();
  p.value = value.data<T>();
  p.offsets = segments.device_offsets().data<std::int32_t>();
  p.norm = NormView<T>(norm);
  p.dropout = DropoutView<T>(dropout);
  p.dim = static_cast<int>(x.cols());
  p.experts = static_cast<int>(key.shape()[2]);
  p.columns = static_cast<int>(key.shape()[1]) * p.experts;
  return p;
}

dim3 grid_of(const Segments& segments) {
  return dim3(static_cast<unsigned int>(segments.size()),
              static_cast<unsigned int>(max_chunks(segments)));
}

template <class T>
void dispatch_backward(const kernels::DispatchBackward& k) {
  const char* op = k.kName;
  Dispatch<T> p = dispatch_of<T>(k.x, k.norm, k.key, k.value, k.segments, k.dropout);
  const auto size = [&](int group, int tile) {
    return DispatchGradLayout(group, tile, p.dim, group >= p.columns).size;
  };
  choose_tiles<T>(op, p.columns, p.experts, p.group, p.tile, size);
  const std::int64_t dim = p.dim;
  const std::int64_t row = p.columns * dim;
  const std::int64_t slots = k.segments.size() * max_chunks(k.segments);
  Tensor partials =
      p.group < p.columns ? zero_workspace<T>(op, slots * 2 * row) : workspace<T>(slots * 2 * row);
  Tensor sum_partials = zero_workspace<T>(op, slots * 3 * dim);
  with_tensor_cores<T>([&](auto tensor_cores) {
    runtime().launch(op,
                     dispatch_backward_kernel<decltype(tensor_cores)::value, T>,
                     grid_of(k.segments),
                     kThreads,
                     static_cast<std::size_t>(size(p.group, p.tile)) * sizeof(T),
                     p,
                     k.grad_y.data<T>(),
                     k.grad_x.data<T>(),
                     partials.data<T>(),
                     sum_partials.data<T>());
  });
  Tensor both = workspace<T>(k.segments.size() * 2 * row);
  sum_chunks(op, partials.data<T>(), k.segments, 2 * row, both.data<T>());
  launch(op,
         split_kernel<T>,
         dim3(blocks_of(k.segments.size() * row, kThreads)),
         both.data<T>(),
         k.segments.size(),
         row,
         k.grad_key.data<T>(),
         k.grad_value.data<T>());
  Tensor sums = workspace<T>(3 * dim);
  sum_rows(op, sum_partials.data<T>(), slots, 3 * dim, sums.data<T>());
  if (k.grad_norm.weight.defined()) {
    copy_elements(sums.slice(0, dim), k.grad_norm.weight);
    copy_elements(sums.slice(dim, 2 * dim), k.grad_norm.bias);
  }
  copy_elements(sums.slice(2 * dim, 3 * dim), k.grad_bias);
}

template <class T>
void dispatch_forward(const kernels::DispatchForward& k) {
  const char* op = k.kName;
  Dispatch<T> p = dispatch_of<T>(k.x, k.norm, k.key, k.value, k.segments, k.dropout);
  const auto size = [&](int group, int tile) { return DispatchLayout(group, tile, p.dim).size; };
  choose_tiles<T>(op, p.columns, p.experts, p.group, p.tile, size);
  with_tensor_cores<T>([&](auto tensor_cores) {
    runtime().launch(op,
                     dispatch_kernel<decltype(tensor_cores)::value, T>,
                     grid_of(k.segments),
                     kThreads,
                     static_cast<std::size_t>(size(p.group, p.tile)) * sizeof(T),
                     p,
                     k.bias.data<T>(),
                     k.y.data<T>());
  });
}
const OnCuda dispatch_forward_entry{dispatch_forward<float>, dispatch_forward<double>};

const OnCuda dispatch_backward_entry{dispatch_backward<float>, dispatch_backward<double>};

}  // namespace
}  // namespace elastic::cuda

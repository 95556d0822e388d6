// Ragged attention with pointwise SiLU weights by tiles. Forward: a block takes a tile of queries.
// Backward in three passes, for the queries, the keys and the biases, so that no sum needs atomics;
// the last one takes diagonals of tiles, on which each distance belongs to one thread.
#include "cuda/attention.cuh"
#include "cuda/logistic.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/pointwise_attention.h"

namespace elastic::cuda {
namespace {

constexpr int kBuckets = 32;

// floor(log2(seconds + 1)), 0 for negative seconds.
__device__ __forceinline__ int bucket_of(std::int32_t seconds) {
  int bucket = 0;
  for (auto rest = static_cast<std::uint32_t>(seconds > 0 ? seconds : 0) + 1U; rest > 1U;
       rest >>= 1U) {
    ++bucket;
  }
  return bucket;
}

template <class T>
struct BiasView {
  const T* position;
  const T* time;  // null: no time bias
  const std::int32_t* seconds;
  const std::int32_t* query_seconds;
  T scale;
};

// Queries of a segment are its latest tokens: the place of query 0.
__device__ __forceinline__ int first_place(const AttentionPlace& at) {
  return at.num_keys - at.num_queries;
}

template <class T>
__device__ __forceinline__ int bucket_of_pair(const BiasView<T>& bias,
                                              const AttentionPlace& at,
                                              int place,
                                              int key) {
  return bucket_of(bias.query_seconds[at.first_key + place] - bias.seconds[at.first_key + key]);
}

// The bias of a query at a place for a key that it sees.
template <class T>
__device__ __forceinline__ T
bias_of(const BiasView<T>& bias, const AttentionPlace& at, int place, int key) {
  const T by_time = bias.time == nullptr ? T(0) : bias.time[bucket_of_pair(bias, at, place, key)];
  return bias.position[place - key] + by_time;
}

struct PointwiseForwardLayout {
  int query, key, value, out, weights, size;

  __host__ __device__ PointwiseForwardLayout(int tile, int head_dim) {
    const int matrix = tile_size(tile, head_dim);
    query = 0;
    key = query + matrix;
    value = key + matrix;
    out = value + matrix;
    weights = out + matrix;
    size = weights + tile_size(tile, tile);
  }
};

// Writes one head's rows.
template <class T>
__device__ void store_rows(
    const AttentionView& p, const T* source, std::int64_t first, int count, int head, T* target) {
  T* out = target + first * p.dim + head * p.head_dim;
  for_each_element(count, p.head_dim, [&](int i, int j) {
    out[static_cast<std::int64_t>(i) * p.dim + j] = source[i * row_stride(p.head_dim) + j];
  });
}

template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2) pointwise_kernel(
    AttentionView p, BiasView<T> bias, const T* queries, const T* keys, const T* values, T* outs) {
  const AttentionPlace at = attention_place(p);
  if (at.begin >= at.num_queries) {
    return;
  }
  const int rows = at.num_queries - at.begin < p.tile ? at.num_queries - at.begin : p.tile;
  const PointwiseForwardLayout layout(p.tile, p.head_dim);
  T* shared = dynamic_shared<T>();
  clear_shared(shared, layout.size);
  T* query = shared + layout.query;
  T* key = shared + layout.key;
  T* value = shared + layout.value;
  T* out = shared + layout.out;
  T* weights = shared + layout.weights;
  const int stride = row_stride(p.tile);
  const int head_stride = row_stride(p.head_dim);
  load_head_tile(p, queries, at.first_query, at.begin, rows, at.head, query);
  const int place = first_place(at) + at.begin;
  for (int begin = 0; begin < place + rows; begin += p.tile) {
    const int count = place + rows - begin < p.tile ? place + rows - begin : p.tile;
    load_head_tile(p, keys, at.first_key, begin, count, at.head, key);
    load_head_tile(p, values, at.first_key, begin, count, at.head, value);
    __syncthreads();
    block_product<kTensorCores>(rows_of(query, p.head_dim),
                                transposed(key, p.head_dim),
                                p.tile,
                                p.tile,
                                p.head_dim,
                                [&](int i, int j, T sum) {
                                  const bool seen = i < rows && j < count && begin + j <= place + i;
                                  const T score =
                                      seen ? sum + bias_of(bias, at, place + i, begin + j) : T(0);
                                  weights[i * stride + j] = score * sigmoid(score) * bias.scale;
                                });
    __syncthreads();
    block_product<kTensorCores>(rows_of(weights, p.tile),
                                rows_of(value, p.head_dim),
                                rows,
                                p.head_dim,
                                p.tile,
                                [&](int i, int j, T sum) { out[i * head_stride + j] += sum; });
    __syncthreads();
  }
  store_rows(p, out, at.first_query + at.begin, rows, at.head, outs);
}

template <class T>
struct PointwiseArguments {
  const T* query;
  const T* key;
  const T* value;
  const T* grad_out;
  T* grad_query;
  T* grad_key;
  T* grad_value;
  T* position_sums;  // [segments, heads, diagonals, 2 tile]
  T* time_sums;      // [segments, heads, diagonals, 32]; null without a time bias
};

struct PointwiseBackwardLayout {
  int query, grad_out, key, value, first_sum, second_sum, weights, grad_scores, size;

  __host__ __device__ PointwiseBackwardLayout(int tile, int head_dim) {
    const int matrix = tile_size(tile, head_dim);
    query = 0;
    grad_out = query + matrix;
    key = grad_out + matrix;
    value = key + matrix;
    first_sum = value + matrix;
    second_sum = first_sum + matrix;
    weights = second_sum + matrix;
    grad_scores = weights + tile_size(tile, tile);
    size = grad_scores + tile_size(tile, tile);
  }
};

template <class T>
__device__ __forceinline__ void load_query_rows(const AttentionView& p,
                                                const AttentionPlace& at,
                                                const PointwiseArguments<T>& args,
                                                const PointwiseBackwardLayout& layout,
                                                int begin,
                                                int rows,
                                                T* shared) {
  load_head_tile(p, args.query, at.first_query, begin, rows, at.head, shared + layout.query);
  load_head_tile(p, args.grad_out, at.first_query, begin, rows, at.head, shared + layout.grad_out);
}

template <class T>
__device__ __forceinline__ void load_key_rows(const AttentionView& p,
                                              const AttentionPlace& at,
                                              const PointwiseArguments<T>& args,
                                              const PointwiseBackwardLayout& layout,
                                              int begin,
                                              int count,
                                              T* shared) {
  load_head_tile(p, args.key, at.first_key, begin, count, at.head, shared + layout.key);
  load_head_tile(p, args.value, at.first_key, begin, count, at.head, shared + layout.value);
}

// Weights and dL/dS of a tile of queries (from query_begin) against one of keys (from key_begin),
// zero where a query does not see a key; with a barrier before and after.
template <bool kTensorCores, class T>
__device__ void pointwise_gradients(const AttentionView& p,
                                    const AttentionPlace& at,
                                    const BiasView<T>& bias,
                                    const PointwiseBackwardLayout& layout,
                                    int query_begin,
                                    int rows,
                                    int key_begin,
                                    int count,
                                    T* shared) {
  T* weights = shared + layout.weights;
  T* grads = shared + layout.grad_scores;
  const int stride = row_stride(p.tile);
  const int place = first_place(at) + query_begin;
  __syncthreads();
  block_product<kTensorCores>(
      rows_of(shared + layout.query, p.head_dim),
      transposed(shared + layout.key, p.head_dim),
      p.tile,
      p.tile,
      p.head_dim,
      [&](int i, int j, T sum) {
        const bool seen = i < rows && j < count && key_begin + j <= place + i;
        const T score = seen ? sum + bias_of(bias, at, place + i, key_begin + j) : T(0);
        weights[i * stride + j] = score * sigmoid(score) * bias.scale;
        grads[i * stride + j] = seen ? silu_gradient(score) * bias.scale : T(0);
      });
  __syncthreads();
  block_product<kTensorCores>(rows_of(shared + layout.grad_out, p.head_dim),
                              transposed(shared + layout.value, p.head_dim),
                              p.tile,
                              p.tile,
                              p.head_dim,
                              [&](int i, int j, T sum) { grads[i * stride + j] *= sum; });
  __syncthreads();
}

template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2)
    pointwise_grad_query_kernel(AttentionView p, BiasView<T> bias, PointwiseArguments<T> args) {
  const AttentionPlace at = attention_place(p);
  if (at.begin >= at.num_queries) {
    return;
  }
  const int rows = at.num_queries - at.begin < p.tile ? at.num_queries - at.begin : p.tile;
  const PointwiseBackwardLayout layout(p.tile, p.head_dim);
  T* shared = dynamic_shared<T>();
  clear_shared(shared, layout.size);
  T* sums = shared + layout.first_sum;
  load_query_rows(p, at, args, layout, at.begin, rows, shared);
  const int visible = first_place(at) + at.begin + rows;
  for (int begin = 0; begin < visible; begin += p.tile) {
    const int count = visible - begin < p.tile ? visible - begin : p.tile;
    load_key_rows(p, at, args, layout, begin, count, shared);
    pointwise_gradients<kTensorCores>(p, at, bias, layout, at.begin, rows, begin, count, shared);
    add_product<kTensorCores>(
        p, rows_of(shared + layout.grad_scores, p.tile), shared + layout.key, rows, sums);
    __syncthreads();
  }
  store_rows(p, sums, at.first_query + at.begin, rows, at.head, args.grad_query);
}

template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2)
    pointwise_grad_key_kernel(AttentionView p, BiasView<T> bias, PointwiseArguments<T> args) {
  const AttentionPlace at = attention_place(p);
  if (at.begin >= at.num_keys) {
    return;
  }
  const int count = at.num_keys - at.begin < p.tile ? at.num_keys - at.begin : p.tile;
  const PointwiseBackwardLayout layout(p.tile, p.head_dim);
  T* shared = dynamic_shared<T>();
  clear_shared(shared, layout.size);
  T* grad_key = shared + layout.first_sum;
  T* grad_value = shared + layout.second_sum;
  load_key_rows(p, at, args, layout, at.begin, count, shared);
  // Queries before the keys' places see none of them.
  const int first = at.begin > first_place(at) ? at.begin - first_place(at) : 0;
  for (int begin = first; begin < at.num_queries; begin += p.tile) {
    const int rows = at.num_queries - begin < p.tile ? at.num_queries - begin : p.tile;
    load_query_rows(p, at, args, layout, begin, rows, shared);
    pointwise_gradients<kTensorCores>(p, at, bias, layout, begin, rows, at.begin, count, shared);
    add_product<kTensorCores>(p,
                              transposed(shared + layout.weights, p.tile),
                              shared + layout.grad_out,
                              count,
                              grad_value);
    add_product<kTensorCores>(
        p, transposed(shared + layout.grad_scores, p.tile), shared + layout.query, count, grad_key);
    __syncthreads();
  }
  store_rows(p, grad_key, at.first_key + at.begin, count, at.head, args.grad_key);
  store_rows(p, grad_value, at.first_key + at.begin, count, at.head, args.grad_value);
}

// The rest of a segment's first place by the tile, which all its tiles of queries have.
__host__ __device__ constexpr int place_rest(int num_keys, int num_queries, int tile) {
  return (num_keys - num_queries) % tile;
}

// Grid (segments, diagonals, heads): a block takes each tile of queries with the tile of keys that
// lies `diagonal` - 1 tiles before the one of the queries' first place. With r the place's rest,
// query i and key j of the tiles are r + (diagonal - 1) tile + i - j apart. Thread t sums the pairs
// with i - j = t - tile + 1.
template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 1)
    pointwise_grad_bias_kernel(AttentionView p, BiasView<T> bias, PointwiseArguments<T> args) {
  const AttentionPlace at = attention_place(p);
  const int diagonal = static_cast<int>(blockIdx.y);
  const PointwiseBackwardLayout layout(p.tile, p.head_dim);
  T* shared = dynamic_shared<T>();
  clear_shared(shared, layout.size + (bias.time == nullptr ? 0 : kBuckets * kThreads));
  T* histogram = shared + layout.size;  // [32, threads]
  const T* grads = shared + layout.grad_scores;
  const int stride = row_stride(p.tile);
  const int lag = thread_index() - p.tile + 1;
  T sum = 0;
  for (int begin = 0; begin < at.num_queries; begin += p.tile) {
    const int place = first_place(at) + begin;
    const int keys_begin = (place / p.tile + 1 - diagonal) * p.tile;
    if (keys_begin < 0 || keys_begin >= at.num_keys) {
      continue;
    }
    const int rows = at.num_queries - begin < p.tile ? at.num_queries - begin : p.tile;
    const int count = at.num_keys - keys_begin < p.tile ? at.num_keys - keys_begin : p.tile;
    load_query_rows(p, at, args, layout, begin, rows, shared);
    load_key_rows(p, at, args, layout, keys_begin, count, shared);
    pointwise_gradients<kTensorCores>(p, at, bias, layout, begin, rows, keys_begin, count, shared);
    for (int i = lag > 0 ? lag : 0; i < p.tile && i - lag < p.tile; ++i) {
      sum += grads[i * stride + i - lag];
    }
    if (bias.time != nullptr) {
      for_each_element(rows, count, [&](int i, int j) {
        if (keys_begin + j <= place + i) {
          const int bucket = bucket_of_pair(bias, at, place + i, keys_begin + j);
          histogram[bucket * kThreads + thread_index()] += grads[i * stride + j];
        }
      });
    }
    __syncthreads();
  }
  const std::int64_t slot =
      (static_cast<std::int64_t>(at.segment) * p.heads + at.head) * gridDim.y + diagonal;
  if (thread_index() < 2 * p.tile) {
    args.position_sums[slot * 2 * p.tile + thread_index()] = sum;
  }
  if (bias.time != nullptr && thread_index() < kBuckets) {
    T total = 0;
    for (int t = 0; t < kThreads; ++t) {
      total += histogram[thread_index() * kThreads + t];
    }
    args.time_sums[slot * kBuckets + thread_index()] = total;
  }
}

// grad[d] = the sum of a distance over all segments and heads, in order. A distance lies on two
// diagonals of a segment.
template <class T>
__global__ void sum_positions_kernel(
    AttentionView p, int segments, int diagonals, const T* sums, int count, T* grad) {
  for (std::int64_t d = grid_thread(); d < count; d += grid_size()) {
    T total = 0;
    for (int b = 0; b < segments; ++b) {
      const int rest =
          place_rest(p.keys[b + 1] - p.keys[b], p.queries[b + 1] - p.queries[b], p.tile);
      const int ahead = static_cast<int>(d) - rest + p.tile;  // of diagonal 0 at i = j
      const int diagonal = ahead / p.tile;
      const int lag = ahead % p.tile;
      for (int h = 0; h < p.heads; ++h) {
        const T* of_unit =
            sums + (static_cast<std::int64_t>(b) * p.heads + h) * diagonals * 2 * p.tile;
        if (diagonal < diagonals) {
          total += of_unit[diagonal * 2 * p.tile + lag + p.tile - 1];
        }
        if (lag > 0 && diagonal + 1 < diagonals) {
          total += of_unit[(diagonal + 1) * 2 * p.tile + lag - 1];
        }
      }
    }
    grad[d] = total;
  }
}

// grad[bucket] = the sum of the slots' values, in order.
template <class T>
__global__ void sum_times_kernel(std::int64_t slots, const T* sums, T* grad) {
  if (thread_index() < kBuckets) {
    T total = 0;
    for (std::int64_t slot = 0; slot < slots; ++slot) {
      total += sums[slot * kBuckets + thread_index()];
    }
    grad[thread_index()] = total;
  }
}

template <class T>
BiasView<T> bias_view(const RelativeBias& bias, double scale) {
  return {bias.position.data<T>(),
          data_or_null<T>(bias.time),
          data_or_null<std::int32_t>(bias.seconds),
          data_or_null<std::int32_t>(bias.query_seconds),
          static_cast<T>(scale)};
}

template <class T>
void pointwise_attention_forward(const kernels::PointwiseAttentionForward& k) {
  const char* op = k.kName;
  clear_behind(*k.layout.queries, {&k.out});
  AttentionView p = view_of(k.layout, k.query.cols());
  const auto size = [&](int tile) { return PointwiseForwardLayout(tile, p.head_dim).size; };
  choose_tile<T>(op, p, size);
  with_tensor_cores<T>([&](auto tensor_cores) {
    runtime().launch(op,
                     pointwise_kernel<decltype(tensor_cores)::value, T>,
                     attention_grid(p, *k.layout.queries),
                     kThreads,
                     static_cast<std::size_t>(size(p.tile)) * sizeof(T),
                     p,
                     bias_view<T>(k.bias, k.scale),
                     k.query.data<T>(),
                     k.key.data<T>(),
                     k.value.data<T>(),
                     k.out.data<T>());
  });
}
const OnCuda pointwise_attention_forward_entry{pointwise_attention_forward<float>,
                                               pointwise_attention_forward<double>};

template <class T>
void pointwise_attention_backward(const kernels::PointwiseAttentionBackward& k) {
  const char* op = k.kName;
  clear_behind(*k.layout.queries, {&k.grad_query});
  clear_behind(*k.layout.keys, {&k.grad_key, &k.grad_value});
  AttentionView p = view_of(k.layout, k.query.cols());
  const bool timed = k.bias.time.defined();
  const auto size = [&](int tile) {
    return PointwiseBackwardLayout(tile, p.head_dim).size + (timed ? kBuckets * kThreads : 0);
  };
  choose_tile<T>(op, p, size);
  const auto segments = static_cast<int>(k.layout.keys->size());
  const int diagonals =
      static_cast<int>(divide_up(std::max(k.layout.keys->max_length(), 1), p.tile)) + 1;
  const std::int64_t slots = static_cast<std::int64_t>(segments) * p.heads * diagonals;
  Tensor position_sums = workspace<T>(slots * 2 * p.tile);
  Tensor time_sums = timed ? workspace<T>(slots * kBuckets) : Tensor();
  const BiasView<T> bias = bias_view<T>(k.bias, k.scale);
  const PointwiseArguments<T> args{k.query.data<T>(),
                                   k.key.data<T>(),
                                   k.value.data<T>(),
                                   k.grad_out.data<T>(),
                                   k.grad_query.data<T>(),
                                   k.grad_key.data<T>(),
                                   k.grad_value.data<T>(),
                                   position_sums.data<T>(),
                                   data_or_null<T>(time_sums)};
  const std::size_t bytes = static_cast<std::size_t>(size(p.tile)) * sizeof(T);
  const auto start = [&](auto* kernel, const dim3& grid) {
    runtime().launch(op, kernel, grid, kThreads, bytes, p, bias, args);
  };
  with_tensor_cores<T>([&](auto tensor_cores) {
    constexpr bool kTensorCores = decltype(tensor_cores)::value;
    start(pointwise_grad_query_kernel<kTensorCores, T>, attention_grid(p, *k.layout.queries));
    start(pointwise_grad_key_kernel<kTensorCores, T>, attention_grid(p, *k.layout.keys));
    start(pointwise_grad_bias_kernel<kTensorCores, T>,
          dim3(static_cast<unsigned int>(segments),
               static_cast<unsigned int>(diagonals),
               static_cast<unsigned int>(p.heads)));
  });
  const auto count = static_cast<int>(k.grad_position.numel());
  launch(op,
         sum_positions_kernel<T>,
         element_grid(count),
         p,
         segments,
         diagonals,
         position_sums.data<T>(),
         count,
         k.grad_position.data<T>());
  if (timed) {
    launch(op, sum_times_kernel<T>, dim3(1), slots, time_sums.data<T>(), k.grad_time.data<T>());
  }
}
const OnCuda pointwise_attention_backward_entry{pointwise_attention_backward<float>,
                                                pointwise_attention_backward<double>};

}  // namespace
}  // namespace elastic::cuda

// Ragged multi-head softmax attention by tiles (Dao et al. 2022): no map is stored. Backward in two
// passes, one for the queries and one for the keys, so that no sum needs atomics.
#include "cuda/attention.cuh"
#include "cuda/runtime.h"
#include "cuda/streaming_softmax.cuh"
#include "tensor/kernels/segment_attention.h"

namespace elastic::cuda {
namespace {

struct ForwardLayout {
  int query, key, value, scores, out, maximum, denominator, factor, size;

  __host__ __device__ ForwardLayout(int tile, int head_dim) {
    const int matrix = tile_size(tile, head_dim);
    query = 0;
    key = query + matrix;
    value = key + matrix;
    out = value + matrix;
    scores = out + matrix;
    maximum = scores + tile_size(tile, tile);
    denominator = maximum + tile;
    factor = denominator + tile;
    size = factor + tile;
  }
};

// scores [rows, count] = query key^T, -inf outside the window. `ahead`: the first query's place
// less the first key's.
template <bool kTensorCores, class T>
__device__ __forceinline__ void multiply_keys(const AttentionView& p,
                                              const T* query,
                                              const T* key,
                                              int rows,
                                              int count,
                                              int ahead,
                                              T* scores) {
  const int stride = row_stride(p.tile);
  block_product<kTensorCores>(rows_of(query, p.head_dim),
                              transposed(key, p.head_dim),
                              rows,
                              count,
                              p.head_dim,
                              [&](int i, int j, T sum) {
                                const bool behind = p.causal && ahead + i - j > p.window;
                                scores[i * stride + j] = behind ? lowest<T>() : sum;
                              });
}

// Writes a tile's outputs, divided by their denominators, and log sums.
template <class T>
__device__ __forceinline__ void store_attention(const AttentionView& p,
                                                const AttentionPlace& at,
                                                const ForwardLayout& layout,
                                                int rows,
                                                const T* shared,
                                                T* outs,
                                                T* log_sums) {
  const T* out = shared + layout.out;
  const T* maximum = shared + layout.maximum;
  const T* denominator = shared + layout.denominator;
  const int head_stride = row_stride(p.head_dim);
  T* target = outs + (at.first_query + at.begin) * p.dim + at.head * p.head_dim;
  for_each_element(rows, p.head_dim, [&](int i, int j) {
    const T total = denominator[i];
    target[static_cast<std::int64_t>(i) * p.dim + j] =
        total > T(0) ? out[i * head_stride + j] / total : T(0);
  });
  for (int i = thread_index(); i < rows; i += num_threads()) {
    log_sums[(at.first_query + at.begin + i) * p.heads + at.head] =
        maximum[i] + log(denominator[i]);
  }
}

template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2) attention_kernel(
    AttentionView p, const T* queries, const T* keys, const T* values, T* outs, T* log_sums) {
  const AttentionPlace at = attention_place(p);
  if (at.begin >= at.num_queries) {
    return;
  }
  const int rows = at.num_queries - at.begin < p.tile ? at.num_queries - at.begin : p.tile;
  const ForwardLayout layout(p.tile, p.head_dim);
  T* shared = dynamic_shared<T>();
  clear_shared(shared, layout.size);
  T* query = shared + layout.query;
  T* key = shared + layout.key;
  T* value = shared + layout.value;
  T* scores = shared + layout.scores;
  T* out = shared + layout.out;
  T* maximum = shared + layout.maximum;
  T* denominator = shared + layout.denominator;
  T* factor = shared + layout.factor;
  const int head_stride = row_stride(p.head_dim);
  load_head_tile(
      p, queries, at.first_query, at.begin, rows, at.head, query, static_cast<T>(p.scale));
  for (int i = thread_index(); i < p.tile; i += num_threads()) {
    maximum[i] = lowest<T>();
  }
  const int visible = p.visible(at.num_keys, at.begin + rows);
  // The first tile begins with the window of the block's first query: every query sees a key of it,
  // and no maximum stays -inf.
  for (int begin = p.first_key(at.begin); begin < visible; begin += p.tile) {
    const int count = visible - begin < p.tile ? visible - begin : p.tile;
    load_head_tile(p, keys, at.first_key, begin, count, at.head, key);
    load_head_tile(p, values, at.first_key, begin, count, at.head, value);
    __syncthreads();
    multiply_keys<kTensorCores>(p, query, key, rows, count, at.begin - begin, scores);
    __syncthreads();
    const auto seen = [&](int i) {
      return p.causal && at.begin + i + 1 - begin < count ? at.begin + i + 1 - begin : count;
    };
    streaming_softmax(scores, rows, p.tile, seen, maximum, denominator, factor);
    __syncthreads();
    block_product<kTensorCores>(rows_of(scores, p.tile),
                                rows_of(value, p.head_dim),
                                rows,
                                p.head_dim,
                                p.tile,
                                [&](int i, int j, T sum) {
                                  T& result = out[i * head_stride + j];
                                  result = result * factor[i] + sum;
                                });
    __syncthreads();
  }
  store_attention(p, at, layout, rows, shared, outs, log_sums);
}

template <class T>
struct BackwardArguments {
  const T* query;
  const T* key;
  const T* value;
  const T* out;
  const T* log_sum;
  const T* grad_out;
  T* grad_query;
  T* grad_key;
  T* grad_value;
};

struct BackwardLayout {
  int query, grad_out, key, value, first_sum, second_sum, probs, grad_scores, log_sum, delta, size;

  __host__ __device__ BackwardLayout(int tile, int head_dim) {
    const int matrix = tile_size(tile, head_dim);
    query = 0;
    grad_out = query + matrix;
    key = grad_out + matrix;
    value = key + matrix;
    first_sum = value + matrix;
    second_sum = first_sum + matrix;
    probs = second_sum + matrix;
    grad_scores = probs + tile_size(tile, tile);
    log_sum = grad_scores + tile_size(tile, tile);
    delta = log_sum + tile;
    size = delta + tile;
  }
};

// Loads a tile of queries with their gradients, log sums and delta = grad_out . out.
template <class T>
__device__ void load_queries(const AttentionView& p,
                             const AttentionPlace& at,
                             const BackwardArguments<T>& args,
                             const BackwardLayout& layout,
                             int begin,
                             int rows,
                             T* shared) {
  load_head_tile(p, args.query, at.first_query, begin, rows, at.head, shared + layout.query);
  load_head_tile(p, args.grad_out, at.first_query, begin, rows, at.head, shared + layout.grad_out);
  for (int i = warp_index(); i < rows; i += kWarps) {
    const std::int64_t token = at.first_query + begin + i;
    const std::int64_t first = token * p.dim + at.head * p.head_dim;
    T dot = 0;
    for (int j = lane_index(); j < p.head_dim; j += kWarp) {
      dot += args.grad_out[first + j] * args.out[first + j];
    }
    dot = warp_sum(dot);
    if (lane_index() == 0) {
      shared[layout.delta + i] = dot;
      shared[layout.log_sum + i] = args.log_sum[token * p.heads + at.head];
    }
  }
}

// Loads a tile of keys with their values.
template <class T>
__device__ __forceinline__ void load_keys(const AttentionView& p,
                                          const AttentionPlace& at,
                                          const BackwardArguments<T>& args,
                                          const BackwardLayout& layout,
                                          int begin,
                                          int count,
                                          T* shared) {
  load_head_tile(p, args.key, at.first_key, begin, count, at.head, shared + layout.key);
  load_head_tile(p, args.value, at.first_key, begin, count, at.head, shared + layout.value);
}

// Probabilities and dL/ds of a tile of queries (from query_begin) against one of keys (from
// key_begin), zero outside; with a barrier before and after.
template <bool kTensorCores, class T>
__device__ void score_gradients(const AttentionView& p,
                                const BackwardLayout& layout,
                                int query_begin,
                                int rows,
                                int key_begin,
                                int count,
                                T* shared) {
  T* probs = shared + layout.probs;
  T* grads = shared + layout.grad_scores;
  const int stride = row_stride(p.tile);
  const T scale = static_cast<T>(p.scale);
  __syncthreads();
  block_product<kTensorCores>(
      rows_of(shared + layout.query, p.head_dim),
      transposed(shared + layout.key, p.head_dim),
      p.tile,
      p.tile,
      p.head_dim,
      [&](int i, int j, T sum) {
        const bool inside = i < rows && j < count && p.sees(query_begin + i, key_begin + j);
        probs[i * stride + j] = inside ? exp(sum * scale - shared[layout.log_sum + i]) : T(0);
      });
  block_product<kTensorCores>(rows_of(shared + layout.grad_out, p.head_dim),
                              transposed(shared + layout.value, p.head_dim),
                              p.tile,
                              p.tile,
                              p.head_dim,
                              [&](int i, int j, T sum) {
                                grads[i * stride + j] =
                                    i < rows ? (sum - shared[layout.delta + i]) * scale : T(0);
                              });
  __syncthreads();
  for_each_element(
      p.tile, p.tile, [&](int i, int j) { grads[i * stride + j] *= probs[i * stride + j]; });
  __syncthreads();
}

// Writes one head's rows of a gradient.
template <class T>
__device__ void store_head_tile(const AttentionView& p,
                                const T* source,
                                std::int64_t first,
                                int begin,
                                int count,
                                int head,
                                T* target) {
  T* out = target + (first + begin) * p.dim + head * p.head_dim;
  for_each_element(count, p.head_dim, [&](int i, int j) {
    out[static_cast<std::int64_t>(i) * p.dim + j] = source[i * row_stride(p.head_dim) + j];
  });
}

template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2)
    attention_grad_query_kernel(AttentionView p, BackwardArguments<T> args) {
  const AttentionPlace at = attention_place(p);
  if (at.begin >= at.num_queries) {
    return;
  }
  const int rows = at.num_queries - at.begin < p.tile ? at.num_queries - at.begin : p.tile;
  const BackwardLayout layout(p.tile, p.head_dim);
  T* shared = dynamic_shared<T>();
  clear_shared(shared, layout.size);
  T* sums = shared + layout.first_sum;
  load_queries(p, at, args, layout, at.begin, rows, shared);
  const int visible = p.visible(at.num_keys, at.begin + rows);
  for (int begin = p.first_key(at.begin); begin < visible; begin += p.tile) {
    const int count = visible - begin < p.tile ? visible - begin : p.tile;
    load_keys(p, at, args, layout, begin, count, shared);
    score_gradients<kTensorCores>(p, layout, at.begin, rows, begin, count, shared);
    add_product<kTensorCores>(
        p, rows_of(shared + layout.grad_scores, p.tile), shared + layout.key, rows, sums);
    __syncthreads();
  }
  store_head_tile(p, sums, at.first_query, at.begin, rows, at.head, args.grad_query);
}

template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2)
    attention_grad_key_kernel(AttentionView p, BackwardArguments<T> args) {
  const AttentionPlace at = attention_place(p);
  if (at.begin >= at.num_keys) {
    return;
  }
  const int count = at.num_keys - at.begin < p.tile ? at.num_keys - at.begin : p.tile;
  const BackwardLayout layout(p.tile, p.head_dim);
  T* shared = dynamic_shared<T>();
  clear_shared(shared, layout.size);
  T* grad_key = shared + layout.first_sum;
  T* grad_value = shared + layout.second_sum;
  load_keys(p, at, args, layout, at.begin, count, shared);
  const int first = p.causal ? at.begin : 0;  // queries before see none of these keys
  const int end = p.query_end(at.num_queries, at.begin + count);
  for (int begin = first; begin < end; begin += p.tile) {
    const int rows = end - begin < p.tile ? end - begin : p.tile;
    load_queries(p, at, args, layout, begin, rows, shared);
    score_gradients<kTensorCores>(p, layout, begin, rows, at.begin, count, shared);
    add_product<kTensorCores>(
        p, transposed(shared + layout.probs, p.tile), shared + layout.grad_out, count, grad_value);
    add_product<kTensorCores>(
        p, transposed(shared + layout.grad_scores, p.tile), shared + layout.query, count, grad_key);
    __syncthreads();
  }
  store_head_tile(p, grad_key, at.first_key, at.begin, count, at.head, args.grad_key);
  store_head_tile(p, grad_value, at.first_key, at.begin, count, at.head, args.grad_value);
}

template <class T>
void segment_attention_forward(const kernels::SegmentAttentionForward& k) {
  const char* op = k.kName;
  clear_behind(*k.layout.queries, {&k.out, &k.log_sum});
  AttentionView p = view_of(k.layout, k.query.cols());
  const auto size = [&](int tile) { return ForwardLayout(tile, p.head_dim).size; };
  choose_tile<T>(op, p, size);
  with_tensor_cores<T>([&](auto tensor_cores) {
    runtime().launch(op,
                     attention_kernel<decltype(tensor_cores)::value, T>,
                     attention_grid(p, *k.layout.queries),
                     kThreads,
                     static_cast<std::size_t>(size(p.tile)) * sizeof(T),
                     p,
                     k.query.data<T>(),
                     k.key.data<T>(),
                     k.value.data<T>(),
                     k.out.data<T>(),
                     k.log_sum.data<T>());
  });
}
const OnCuda segment_attention_forward_entry{segment_attention_forward<float>,
                                             segment_attention_forward<double>};

template <class T>
void segment_attention_backward(const kernels::SegmentAttentionBackward& k) {
  const char* op = k.kName;
  clear_behind(*k.layout.queries, {&k.grad_query});
  clear_behind(*k.layout.keys, {&k.grad_key, &k.grad_value});
  AttentionView p = view_of(k.layout, k.query.cols());
  const auto size = [&](int tile) { return BackwardLayout(tile, p.head_dim).size; };
  choose_tile<T>(op, p, size);
  const BackwardArguments<T> args{k.query.data<T>(),
                                  k.key.data<T>(),
                                  k.value.data<T>(),
                                  k.out.data<T>(),
                                  k.log_sum.data<T>(),
                                  k.grad_out.data<T>(),
                                  k.grad_query.data<T>(),
                                  k.grad_key.data<T>(),
                                  k.grad_value.data<T>()};
  const std::size_t bytes = static_cast<std::size_t>(size(p.tile)) * sizeof(T);
  const auto start = [&](auto* kernel, const Segments& tokens) {
    runtime().launch(op, kernel, attention_grid(p, tokens), kThreads, bytes, p, args);
  };
  with_tensor_cores<T>([&](auto tensor_cores) {
    constexpr bool kTensorCores = decltype(tensor_cores)::value;
    start(attention_grad_query_kernel<kTensorCores, T>, *k.layout.queries);
    start(attention_grad_key_kernel<kTensorCores, T>, *k.layout.keys);
  });
}
const OnCuda segment_attention_backward_entry{segment_attention_backward<float>,
                                              segment_attention_backward<double>};

}  // namespace
}  // namespace elastic::cuda

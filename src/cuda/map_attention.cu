// Ragged multi-head softmax attention with its map stored: scores, then probabilities in their
// place; backward turns them into the gradient of the scores. For each segment the map holds
// [heads, queries, keys].
#include "cuda/attention.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/map_attention.h"

namespace elastic::cuda {
namespace {

// starts[b]: elements of the map before segment b's. One block.
__global__ void __launch_bounds__(kThreads)
    map_starts_kernel(AttentionView p, std::int64_t batch, double* starts) {
  __shared__ double sums[kThreads];
  double before = 0;
  for (std::int64_t begin = 0; begin < batch; begin += kThreads) {
    const std::int64_t b = begin + thread_index();
    const double size = b < batch
                            ? static_cast<double>(p.heads) * (p.queries[b + 1] - p.queries[b]) *
                                  (p.keys[b + 1] - p.keys[b])
                            : 0.0;
    const double sum = block_scan(size, sums);
    if (b < batch) {
      starts[b] = before + sum - size;
    }
    before += sums[kThreads - 1];
  }
}

// A head's matrix, row-major; rows of a map are `stride` elements apart.
template <class T>
struct HeadMap {
  T* data;
  std::int64_t stride;
};

template <class T>
__device__ HeadMap<T> map_of(const AttentionPlace& at, const double* starts, T* map) {
  const std::int64_t size = static_cast<std::int64_t>(at.num_queries) * at.num_keys;
  return {map + static_cast<std::int64_t>(starts[at.segment]) + at.head * size, at.num_keys};
}

struct Layout {
  int left, right, sums, size;

  // Two operands and, for products over many tiles, their sum.
  __host__ __device__ Layout(int tile, int head_dim) {
    const int matrix = tile_size(tile, tile > head_dim ? tile : head_dim);
    left = 0;
    right = left + matrix;
    sums = right + matrix;
    size = sums + tile_size(tile, head_dim);
  }
};

// map(i, j) = scale * left_i . right_j (first pass: scores), or, with `in_place`, map(i, j) times
// (left_i . right_j - delta_i) * scale (backward: gradients of scores). left has a row per query,
// right a row per key. A block takes a tile of queries against all keys that it sees.
template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2) scores_kernel(AttentionView p,
                                                             const T* left_rows,
                                                             const T* right_rows,
                                                             const T* out,
                                                             bool in_place,
                                                             const double* starts,
                                                             T* maps) {
  const AttentionPlace at = attention_place(p);
  if (at.begin >= at.num_queries) {
    return;
  }
  const int rows = at.num_queries - at.begin < p.tile ? at.num_queries - at.begin : p.tile;
  const Layout layout(p.tile, p.head_dim);
  T* shared = dynamic_shared<T>();
  clear_shared(shared, layout.size);
  T* left = shared + layout.left;
  T* right = shared + layout.right;
  T* delta = shared + layout.sums;
  const HeadMap<T> map = map_of(at, starts, maps);
  const T scale = static_cast<T>(p.scale);
  load_head_tile(p, left_rows, at.first_query, at.begin, rows, at.head, left);
  for (int i = warp_index(); in_place && i < rows; i += kWarps) {
    const std::int64_t first = (at.first_query + at.begin + i) * p.dim + at.head * p.head_dim;
    T dot = 0;
    for (int j = lane_index(); j < p.head_dim; j += kWarp) {
      dot += left_rows[first + j] * out[first + j];
    }
    dot = warp_sum(dot);
    if (lane_index() == 0) {
      delta[i] = dot;
    }
  }
  for (int begin = 0; begin < at.num_keys; begin += p.tile) {
    const int count = at.num_keys - begin < p.tile ? at.num_keys - begin : p.tile;
    load_head_tile(p, right_rows, at.first_key, begin, count, at.head, right);
    __syncthreads();
    block_product<kTensorCores>(rows_of(left, p.head_dim),
                                transposed(right, p.head_dim),
                                rows,
                                count,
                                p.head_dim,
                                [&](int i, int j, T sum) {
                                  T& entry = map.data[(at.begin + i) * map.stride + begin + j];
                                  entry = in_place ? entry * (sum - delta[i]) * scale : sum * scale;
                                });
    __syncthreads();
  }
}

// A warp turns a query's scores into probabilities; keys that it does not see get zero.
template <class T>
__global__ void map_softmax_kernel(AttentionView p, const double* starts, T* maps) {
  const AttentionPlace at = attention_place(p);
  const HeadMap<T> map = map_of(at, starts, maps);
  const int end = at.begin + p.tile < at.num_queries ? at.begin + p.tile : at.num_queries;
  for (int i = at.begin + warp_index(); i < end; i += kWarps) {
    T* row = map.data + i * map.stride;
    const int seen = p.visible(at.num_keys, i + 1);
    T maximum = lowest<T>();
    for (int j = lane_index(); j < seen; j += kWarp) {
      maximum = maximum < row[j] ? row[j] : maximum;
    }
    maximum = warp_max(maximum);
    T sum = 0;
    for (int j = lane_index(); j < at.num_keys; j += kWarp) {
      const T value = j < seen ? exp(row[j] - maximum) : T(0);
      row[j] = value;
      sum += value;
    }
    const T inverse = T(1) / warp_sum(sum);
    for (int j = lane_index(); j < seen; j += kWarp) {
      row[j] *= inverse;
    }
  }
}

// result_i = sum_j map(i, j) rows_j by a tile of queries, or with `by_keys`
// result_j = sum_i map(i, j) rows_i by a tile of keys.
template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2) map_product_kernel(
    AttentionView p, const T* rows, bool by_keys, const double* starts, T* maps, T* result) {
  const AttentionPlace at = attention_place(p);
  const int own = by_keys ? at.num_keys : at.num_queries;
  const int others = by_keys ? at.num_queries : at.num_keys;
  if (at.begin >= own) {
    return;
  }
  const int count = own - at.begin < p.tile ? own - at.begin : p.tile;
  const Layout layout(p.tile, p.head_dim);
  T* shared = dynamic_shared<T>();
  clear_shared(shared, layout.size);
  T* weights = shared + layout.left;
  T* values = shared + layout.right;
  T* sums = shared + layout.sums;
  const HeadMap<T> map = map_of(at, starts, maps);
  const int weight_stride = row_stride(p.tile);
  const int head_stride = row_stride(p.head_dim);
  const int first = by_keys && p.causal ? at.begin : 0;
  const int last = by_keys ? others : p.visible(others, at.begin + count);
  for (int begin = first; begin < last; begin += p.tile) {
    const int part = last - begin < p.tile ? last - begin : p.tile;
    // weights: the map's tile, a row per query.
    const int map_rows = by_keys ? part : count;
    const int map_columns = by_keys ? count : part;
    const int map_row = by_keys ? begin : at.begin;
    const int map_column = by_keys ? at.begin : begin;
    for_each_element(p.tile, p.tile, [&](int i, int j) {
      weights[i * weight_stride + j] =
          i < map_rows && j < map_columns
              ? __ldg(map.data + (map_row + i) * map.stride + map_column + j)
              : T(0);
    });
    load_head_tile(p, rows, by_keys ? at.first_query : at.first_key, begin, part, at.head, values);
    __syncthreads();
    block_product<kTensorCores>(by_keys ? transposed(weights, p.tile) : rows_of(weights, p.tile),
                                rows_of(values, p.head_dim),
                                count,
                                p.head_dim,
                                p.tile,
                                [&](int i, int j, T sum) { sums[i * head_stride + j] += sum; });
    __syncthreads();
  }
  const std::int64_t token = (by_keys ? at.first_key : at.first_query) + at.begin;
  T* target = result + token * p.dim + at.head * p.head_dim;
  for_each_element(count, p.head_dim, [&](int i, int j) {
    target[static_cast<std::int64_t>(i) * p.dim + j] = sums[i * head_stride + j];
  });
}

// The kernels over one map.
template <class T>
class MapAttention {
 public:
  MapAttention(const char* op, const AttentionLayout& layout, std::int64_t dim, Tensor& map)
      : op_(op),
        layout_(layout),
        p_(view_of(layout, dim)),
        starts_(workspace<double>(layout.queries->size())),
        map_(map.data<T>()) {
    choose_tile<T>(op, p_, [&](int tile) { return Layout(tile, p_.head_dim).size; });
    bytes_ = static_cast<std::size_t>(Layout(p_.tile, p_.head_dim).size) * sizeof(T);
    launch(op, map_starts_kernel, dim3(1), p_, layout.queries->size(), starts_.data<double>());
  }

  void scores(const Tensor& left, const Tensor& right, const Tensor* out) {
    with_tensor_cores<T>([&](auto tensor_cores) {
      runtime().launch(op_,
                       scores_kernel<decltype(tensor_cores)::value, T>,
                       attention_grid(p_, *layout_.queries),
                       kThreads,
                       bytes_,
                       p_,
                       left.data<T>(),
                       right.data<T>(),
                       out == nullptr ? nullptr : out->data<T>(),
                       out != nullptr,
                       starts_.data<double>(),
                       map_);
    });
  }
  void softmax() {
    launch(op_,
           map_softmax_kernel<T>,
           attention_grid(p_, *layout_.queries),
           p_,
           starts_.data<double>(),
           map_);
  }
  void product(const Tensor& rows, bool by_keys, Tensor& result) {
    with_tensor_cores<T>([&](auto tensor_cores) {
      runtime().launch(op_,
                       map_product_kernel<decltype(tensor_cores)::value, T>,
                       attention_grid(p_, by_keys ? *layout_.keys : *layout_.queries),
                       kThreads,
                       bytes_,
                       p_,
                       rows.data<T>(),
                       by_keys,
                       starts_.data<double>(),
                       map_,
                       result.data<T>());
    });
  }

 private:
  const char* op_;
  const AttentionLayout& layout_;
  AttentionView p_;
  Tensor starts_;
  T* map_;
  std::size_t bytes_ = 0;
};

template <class T>
void map_attention_forward(const kernels::MapAttentionForward& k) {
  MapAttention<T> attention(k.kName, k.layout, k.query.cols(), k.map);
  attention.scores(k.query, k.key, nullptr);
  attention.softmax();
  attention.product(k.value, /*by_keys=*/false, k.out);
}
const OnCuda map_attention_forward_entry{map_attention_forward<float>,
                                         map_attention_forward<double>};

template <class T>
void map_attention_backward(const kernels::MapAttentionBackward& k) {
  MapAttention<T> attention(k.kName, k.layout, k.query.cols(), k.map);
  attention.product(k.grad_out, /*by_keys=*/true, k.grad_value);
  attention.scores(k.grad_out, k.value, &k.out);
  attention.product(k.key, /*by_keys=*/false, k.grad_query);
  attention.product(k.query, /*by_keys=*/true, k.grad_key);
}
const OnCuda map_attention_backward_entry{map_attention_backward<float>,
                                          map_attention_backward<double>};

}  // namespace
}  // namespace elastic::cuda

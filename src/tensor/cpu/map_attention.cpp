// Softmax attention with its map stored, as most tools have it: all scores of a segment and head at
// once, the softmax in place, kept for backward. The baseline that linear attention is held
// against.
#include "tensor/kernels/map_attention.h"

#include "tensor/cpu/attention_tile.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/tile.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

// Where the maps of the segments begin: segment b holds H maps of queries x keys, each as tiles of
// queries, a tile as [keys, queries of the tile].
std::vector<std::int64_t> map_offsets(const AttentionLayout& layout) {
  std::vector<std::int64_t> offsets{0};
  for (std::int64_t b = 0; b < layout.queries->size(); ++b) {
    offsets.push_back(offsets.back() + layout.num_heads * layout.queries->length(b) *
                                           std::int64_t{layout.keys->length(b)});
  }
  return offsets;
}

// Softmax down the columns of scores [keys, queries].
template <class T>
void softmax_columns(T* scores, std::int64_t keys, std::int64_t queries) {
  T maximum[kQueryTile];
  T sum[kQueryTile];
  std::copy(scores, scores + queries, maximum);
  for (std::int64_t j = 1; j < keys; ++j) {
    for (std::int64_t i = 0; i < queries; ++i) {
      maximum[i] = std::max(maximum[i], scores[j * queries + i]);
    }
  }
  for (std::int64_t j = 0; j < keys; ++j) {
    for (std::int64_t i = 0; i < queries; ++i) {
      scores[j * queries + i] -= maximum[i];
    }
  }
  exp_in_place(scores, keys * queries);
  fill_zero(sum, queries);
  add_row_sum(scores, keys, queries, sum);
  for (std::int64_t i = 0; i < queries; ++i) {
    sum[i] = T(1) / sum[i];
  }
  for (std::int64_t j = 0; j < keys; ++j) {
    for (std::int64_t i = 0; i < queries; ++i) {
      scores[j * queries + i] *= sum[i];
    }
  }
}

template <class T>
void forward(const kernels::MapAttentionForward& k) {
  const AttentionProblem<T> problem(k.layout, k.query.cols());
  const std::int64_t dim = problem.dim;
  const std::vector<std::int64_t> offsets = map_offsets(k.layout);
  const std::vector<QueryTile> tiles = query_tiles(*k.layout.queries);
  const ThreadScratch<T> scratch(packed_size<T>(problem.head_dim, kQueryTile));
  parallel_for(static_cast<std::int64_t>(tiles.size()),
               product_work(k.map.numel(), problem.head_dim),
               [&](std::int64_t t) {
                 const auto [b, begin] = tiles[static_cast<std::size_t>(t)];
                 const std::int64_t num_queries = k.layout.queries->length(b);
                 const std::int64_t queries = std::min(kQueryTile, num_queries - begin);
                 const std::int64_t keys = k.layout.keys->length(b);
                 const std::int64_t query_at = (k.layout.queries->begin(b) + begin) * dim;
                 const std::int64_t key_at = k.layout.keys->begin(b) * dim;
                 for (std::int64_t h = 0; h < k.layout.num_heads; ++h) {
                   const std::int64_t column = h * problem.head_dim;
                   T* scores = k.map.data<T>() + offsets[static_cast<std::size_t>(b)] +
                               (h * num_queries + begin) * keys;
                   pack_queries(problem,
                                k.query.data<T>() + query_at + column,
                                queries,
                                problem.scale,
                                scratch.get());
                   scores_of_block(problem,
                                   k.key.data<T>() + key_at + column,
                                   scratch.get(),
                                   keys,
                                   queries,
                                   0,
                                   begin,
                                   scores);
                   softmax_columns(scores, keys, queries);
                   gemm_unpacked(queries,
                                 problem.head_dim,
                                 keys,
                                 transposed<T>(scores, queries),
                                 k.value.data<T>() + key_at + column,
                                 dim,
                                 k.out.data<T>() + query_at + column,
                                 dim,
                                 false);
                 }
               });
}

// With P the map and g = dL/dout: dV = P^T g, dS = P (g V^T - sum(g out)) scale, dQ = dS K,
// dK = dS^T Q; dS takes the map's place.
template <class T>
void backward(const kernels::MapAttentionBackward& k) {
  const AttentionProblem<T> problem(k.layout, k.query.cols());
  const std::int64_t dim = problem.dim;
  const std::int64_t head_dim = problem.head_dim;
  const std::vector<std::int64_t> offsets = map_offsets(k.layout);
  const std::int64_t packed = packed_size<T>(head_dim, kQueryTile);
  const ThreadScratch<T> scratch(packed + kQueryTile * (k.layout.keys->max_length() + 1));
  parallel_for(k.layout.queries->size() * k.layout.num_heads,
               product_work(k.map.numel(), problem.head_dim),
               [&](std::int64_t unit) {
                 const std::int64_t b = unit / k.layout.num_heads;
                 const std::int64_t h = unit % k.layout.num_heads;
                 const std::int64_t num_queries = k.layout.queries->length(b);
                 const std::int64_t keys = k.layout.keys->length(b);
                 const std::int64_t key_at = k.layout.keys->begin(b) * dim + h * head_dim;
                 T* grad_packed = scratch.get();
                 T* delta = grad_packed + packed;
                 T* grad_scores = delta + kQueryTile;
                 for (std::int64_t begin = 0; begin < num_queries; begin += kQueryTile) {
                   const std::int64_t queries = std::min(kQueryTile, num_queries - begin);
                   const std::int64_t query_at =
                       (k.layout.queries->begin(b) + begin) * dim + h * head_dim;
                   const T* grad = k.grad_out.data<T>() + query_at;
                   T* probs = k.map.data<T>() + offsets[static_cast<std::size_t>(b)] +
                              (h * num_queries + begin) * keys;
                   for (std::int64_t i = 0; i < queries; ++i) {
                     delta[i] = (ConstArrayMap<T>(grad + i * dim, head_dim) *
                                 ConstArrayMap<T>(k.out.data<T>() + query_at + i * dim, head_dim))
                                    .sum();
                   }
                   pack_queries(problem, grad, queries, T(1), grad_packed);
                   gemm_unpacked(keys,
                                 head_dim,
                                 queries,
                                 row_major<T>(probs, queries),
                                 grad,
                                 dim,
                                 k.grad_value.data<T>() + key_at,
                                 dim,
                                 begin > 0);
                   gemm(keys,
                        queries,
                        head_dim,
                        row_major<T>(k.value.data<T>() + key_at, dim),
                        grad_packed,
                        grad_scores,
                        queries,
                        false);
                   for (std::int64_t j = 0; j < keys; ++j) {
                     for (std::int64_t i = 0; i < queries; ++i) {
                       const std::int64_t e = j * queries + i;
                       probs[e] *= (grad_scores[e] - delta[i]) * problem.scale;
                     }
                   }
                   gemm_unpacked(keys,
                                 head_dim,
                                 queries,
                                 row_major<T>(probs, queries),
                                 k.query.data<T>() + query_at,
                                 dim,
                                 k.grad_key.data<T>() + key_at,
                                 dim,
                                 begin > 0);
                   gemm_unpacked(queries,
                                 head_dim,
                                 keys,
                                 transposed<T>(probs, queries),
                                 k.key.data<T>() + key_at,
                                 dim,
                                 k.grad_query.data<T>() + query_at,
                                 dim,
                                 false);
                 }
               });
}

const OnCpu map_attention_forward_entry{forward<float>, forward<double>};

const OnCpu map_attention_backward_entry{backward<float>, backward<double>};

}  // namespace
}  // namespace elastic::cpu

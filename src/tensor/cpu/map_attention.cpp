// Softmax attention with a stored map, as in most tools: all scores of a segment and head at once,
// the softmax in place, kept for backward. The baseline for linear attention.
#include "tensor/kernels/map_attention.h"

#include "tensor/cpu/attention_tile.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/tile.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

// Offsets of the segments' maps: segment b holds H maps of queries x keys, each stored as tiles of
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

// One head of a tile of queries, and of its segment's keys.
template <class T>
struct TilePointers {
  const T* query;
  const T* key;
  const T* value;
  const T* out;
  const T* grad_out;
  T* probs;
  T* grad_query;
  T* grad_key;
  T* grad_value;
};

// With P the map and g = dL/dout: dV = P^T g, dS = P (g V^T - sum(g out)) scale, dQ = dS K, dK =
// dS^T Q; dS overwrites the map. The `first` tile of a segment writes dK and dV, later tiles add to
// them.
template <class T>
void backward_tile(const AttentionProblem<T>& problem,
                   const TilePointers<T>& tile,
                   std::int64_t queries,
                   std::int64_t keys,
                   bool first,
                   T* scratch) {
  const std::int64_t dim = problem.dim;
  const std::int64_t head_dim = problem.head_dim;
  T* grad_packed = scratch;
  T* delta = grad_packed + packed_size<T>(head_dim, kQueryTile);
  T* grad_scores = delta + kQueryTile;
  for (std::int64_t i = 0; i < queries; ++i) {
    delta[i] = (ConstArrayMap<T>(tile.grad_out + i * dim, head_dim) *
                ConstArrayMap<T>(tile.out + i * dim, head_dim))
                   .sum();
  }
  // sum [keys, D/H] (+)= map [keys, queries] rows [queries, D/H]
  const auto to_keys = [&](const T* rows, T* sum) {
    gemm_unpacked(
        keys, head_dim, queries, row_major<T>(tile.probs, queries), rows, dim, sum, dim, !first);
  };
  pack_queries(problem, tile.grad_out, queries, T(1), grad_packed);
  to_keys(tile.grad_out, tile.grad_value);
  gemm(keys,
       queries,
       head_dim,
       row_major<T>(tile.value, dim),
       grad_packed,
       grad_scores,
       queries,
       false);
  for (std::int64_t j = 0; j < keys; ++j) {
    for (std::int64_t i = 0; i < queries; ++i) {
      const std::int64_t e = j * queries + i;
      tile.probs[e] *= (grad_scores[e] - delta[i]) * problem.scale;
    }
  }
  to_keys(tile.query, tile.grad_key);
  gemm_unpacked(queries,
                head_dim,
                keys,
                transposed<T>(tile.probs, queries),
                tile.key,
                dim,
                tile.grad_query,
                dim,
                false);
}

template <class T>
void backward(const kernels::MapAttentionBackward& k) {
  const AttentionProblem<T> problem(k.layout, k.query.cols());
  const std::int64_t dim = problem.dim;
  const std::int64_t heads = k.layout.num_heads;
  const std::vector<std::int64_t> offsets = map_offsets(k.layout);
  const ThreadScratch<T> scratch(packed_size<T>(problem.head_dim, kQueryTile) +
                                 kQueryTile * (k.layout.keys->max_length() + 1));
  const double work = product_work(k.map.numel(), problem.head_dim);
  parallel_for(k.layout.queries->size() * heads, work, [&](std::int64_t unit) {
    const std::int64_t b = unit / heads;
    const std::int64_t h = unit % heads;
    const std::int64_t num_queries = k.layout.queries->length(b);
    const std::int64_t keys = k.layout.keys->length(b);
    const std::int64_t column = h * problem.head_dim;
    const std::int64_t key_at = k.layout.keys->begin(b) * dim + column;
    if (num_queries == 0) {  // no tile writes the gradients of these keys
      for (std::int64_t j = 0; j < keys; ++j) {
        fill_zero(k.grad_key.data<T>() + key_at + j * dim, problem.head_dim);
        fill_zero(k.grad_value.data<T>() + key_at + j * dim, problem.head_dim);
      }
    }
    for (std::int64_t begin = 0; begin < num_queries; begin += kQueryTile) {
      const std::int64_t queries = std::min(kQueryTile, num_queries - begin);
      const std::int64_t query_at = (k.layout.queries->begin(b) + begin) * dim + column;
      const TilePointers<T> tile{.query = k.query.data<T>() + query_at,
                                 .key = k.key.data<T>() + key_at,
                                 .value = k.value.data<T>() + key_at,
                                 .out = k.out.data<T>() + query_at,
                                 .grad_out = k.grad_out.data<T>() + query_at,
                                 .probs = k.map.data<T>() + offsets[static_cast<std::size_t>(b)] +
                                          (h * num_queries + begin) * keys,
                                 .grad_query = k.grad_query.data<T>() + query_at,
                                 .grad_key = k.grad_key.data<T>() + key_at,
                                 .grad_value = k.grad_value.data<T>() + key_at};
      backward_tile(problem, tile, queries, keys, begin == 0, scratch.get());
    }
  });
}

const OnCpu map_attention_forward_entry{forward<float>, forward<double>};

const OnCpu map_attention_backward_entry{backward<float>, backward<double>};

}  // namespace
}  // namespace elastic::cpu

// Shared parts of the attention kernels: scores of a tile of queries, kept transposed [keys,
// queries] so that the softmax over keys runs down columns, one vector lane a query.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/attention_layout.h"
#include "tensor/backend.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/simd.h"
#include "tensor/segments.h"

namespace elastic::cpu {

/// Queries of one tile.
inline constexpr std::int64_t kQueryTile = 64;

/// Columns of a tile's scores: its queries padded to whole vectors. Padded columns affect no
/// result.
template <class T>
constexpr std::int64_t score_columns(std::int64_t queries) {
  return (queries + kLanes<T> - 1) / kLanes<T> * kLanes<T>;
}

// Sets the scores of later keys to -inf: query i of the tile is token query_begin + i of its
// segment, row j is key key_begin + j.
template <class T>
void mask_later_keys(T* scores,
                     std::int64_t keys,
                     std::int64_t queries,
                     std::int64_t key_begin,
                     std::int64_t query_begin) {
  for (std::int64_t j = 0; j < keys; ++j) {
    const std::int64_t hidden = std::clamp<std::int64_t>(key_begin + j - query_begin, 0, queries);
    std::fill(
        scores + j * queries, scores + j * queries + hidden, -std::numeric_limits<T>::infinity());
  }
}

// Sets the scores of keys before the window to -inf, in the same layout.
template <class T>
void mask_earlier_keys(T* scores,
                       std::int64_t keys,
                       std::int64_t queries,
                       std::int64_t key_begin,
                       std::int64_t query_begin,
                       std::int64_t window) {
  for (std::int64_t j = 0; j < keys; ++j) {
    const std::int64_t end =
        std::clamp<std::int64_t>(key_begin + j + window + 1 - query_begin, 0, queries);
    std::fill(scores + j * queries + end,
              scores + (j + 1) * queries,
              -std::numeric_limits<T>::infinity());
  }
}

// The first key that a tile beginning with query `query_begin` may see: the first of its segment,
// or of its first query's window.
inline std::int64_t first_key(const AttentionLayout& layout, std::int64_t query_begin) {
  return layout.window > 0 ? std::max<std::int64_t>(0, query_begin - layout.window) : 0;
}

// Keys that a tile ending before query `query_end` may see.
inline std::int64_t visible_keys(const AttentionLayout& layout,
                                 std::int64_t num_keys,
                                 std::int64_t query_end) {
  return layout.causal ? std::min(num_keys, query_end) : num_keys;
}

template <class T>
struct AttentionProblem {
  const AttentionLayout& layout;
  std::int64_t dim;
  std::int64_t head_dim;
  T scale;

  AttentionProblem(const AttentionLayout& l, std::int64_t d)
      : layout(l),
        dim(d),
        head_dim(d / l.num_heads),
        scale(T(1) / std::sqrt(static_cast<T>(d / l.num_heads))) {}
};

// scores [keys, queries] = scale * K Q^T for one head, masked. `query_packed` holds Q^T, scaled.
template <class T>
void scores_of_block(const AttentionProblem<T>& problem,
                     const T* key,
                     const T* query_packed,
                     std::int64_t keys,
                     std::int64_t queries,
                     std::int64_t key_begin,
                     std::int64_t query_begin,
                     T* scores) {
  gemm(keys,
       queries,
       problem.head_dim,
       row_major<T>(key, problem.dim),
       query_packed,
       scores,
       queries,
       false);
  if (problem.layout.causal && key_begin + keys > query_begin + 1) {
    mask_later_keys(scores, keys, queries, key_begin, query_begin);
  }
  if (problem.layout.window > 0 && key_begin + problem.layout.window + 1 < query_begin + queries) {
    mask_earlier_keys(scores, keys, queries, key_begin, query_begin, problem.layout.window);
  }
}

// Packs the transposed rows [queries, head_dim] of one head, scaled.
template <class T>
void pack_queries(
    const AttentionProblem<T>& problem, const T* query, std::int64_t queries, T factor, T* packed) {
  pack(problem.head_dim, queries, transposed<T>(query, problem.dim), packed, factor);
}

/// Multiply-adds of the scores, for parallel_for.
inline double attention_work(const AttentionLayout& layout, std::int64_t dim) {
  double pairs = 0.0;
  for (std::int64_t b = 0; b < layout.queries->size(); ++b) {
    const std::int64_t keys = layout.keys->length(b);
    const std::int64_t seen = layout.window > 0 ? layout.window + kQueryTile : keys;
    pairs += product_work(layout.queries->length(b), std::min(keys, seen));
  }
  return pairs * static_cast<double>(dim);
}

/// A tile of queries of one segment.
struct QueryTile {
  std::int64_t segment;
  std::int64_t begin;  ///< within the segment
};

inline std::vector<QueryTile> query_tiles(const Segments& queries) {
  std::vector<QueryTile> tiles;
  for (std::int64_t b = 0; b < queries.size(); ++b) {
    for (std::int64_t begin = 0; begin < queries.length(b); begin += kQueryTile) {
      tiles.push_back({b, begin});
    }
  }
  return tiles;
}

}  // namespace elastic::cpu

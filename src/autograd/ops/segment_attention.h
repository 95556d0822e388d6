// Multi-head softmax attention within the segments of a ragged batch.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

struct AttentionShape {
  std::int64_t num_heads = 1;
  bool causal = false;  ///< token i of a segment sees tokens 0..i; queries and keys share segments
  std::int64_t window = 0;  ///< causal: at most this many tokens before i itself; 0: all
};

/// Softmax attention, heads concatenated, scale 1/sqrt(D/H); by tiles, no [n, n] map is stored.
///
/// query [Tq, D] in query_segments; key, value [Tk, D] in key_segments -> [Tq, D].
/// Segment b of the queries attends to segment b of the keys; to zeros if that is empty.
/// Gradient: with P the probabilities, dV = P^T g, dS = P (g V^T - sum(g out)), P computed again.
/// With a window w the cost of a segment of n tokens is O(n w).
/// Throws ShapeError when shapes, segments, heads or window do not fit.
Variable segment_attention(const Variable& query,
                           const Variable& key,
                           const Variable& value,
                           const Segments& query_segments,
                           const Segments& key_segments,
                           const AttentionShape& shape);

/// The same numbers with the probabilities stored, [segments, H, queries, keys] of them, from
/// forward to backward: attention as most tools have it, to compare with. No segment of keys may be
/// empty, and there is no window.
Variable map_attention(const Variable& query,
                       const Variable& key,
                       const Variable& value,
                       const Segments& query_segments,
                       const Segments& key_segments,
                       const AttentionShape& shape);

}  // namespace elastic::ops

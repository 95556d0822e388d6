// Multi-head softmax attention within the segments of a ragged batch.
#pragma once

#include "autograd/ops/attention_shape.h"
#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// Softmax attention, heads concatenated, scale 1/sqrt(D/H), by tiles; no [n, n] map is stored.
///
/// query [Tq, D] in query_segments; key, value [Tk, D] in key_segments -> [Tq, D]. Segment b of the
/// queries attends to segment b of the keys; the result is zero if that is empty. Gradient: with P
/// the probabilities, dV = P^T g, dS = P (g V^T - sum(g out)), P recomputed. With a window w the
/// cost of a segment of n tokens is O(n w). Throws ShapeError when shapes, segments, heads or
/// window do not fit.
Variable segment_attention(const Variable& query,
                           const Variable& key,
                           const Variable& value,
                           const Segments& query_segments,
                           const Segments& key_segments,
                           const AttentionShape& shape);

}  // namespace elastic::ops

// Softmax attention with stored probabilities, as in most tools: a baseline.
#pragma once

#include "autograd/ops/attention_shape.h"
#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// segment_attention (autograd/ops/segment_attention.h) that stores the probabilities, [segments,
/// H, queries, keys], from forward to backward. Throws ShapeError for a window, an empty segment of
/// keys, or shapes that do not fit.
Variable map_attention(const Variable& query,
                       const Variable& key,
                       const Variable& value,
                       const Segments& query_segments,
                       const Segments& key_segments,
                       const AttentionShape& shape);

}  // namespace elastic::ops

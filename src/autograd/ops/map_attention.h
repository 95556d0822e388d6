// Softmax attention with its probabilities stored, as most tools have it, to compare with.
#pragma once

#include "autograd/ops/attention_shape.h"
#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// segment_attention (autograd/ops/segment_attention.h) with the probabilities stored,
/// [segments, H, queries, keys] of them, from forward to backward. No segment of keys may be empty,
/// and there is no window.
Variable map_attention(const Variable& query,
                       const Variable& key,
                       const Variable& value,
                       const Segments& query_segments,
                       const Segments& key_segments,
                       const AttentionShape& shape);

}  // namespace elastic::ops

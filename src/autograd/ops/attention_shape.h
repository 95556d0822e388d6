// Heads and masks of softmax attention.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

struct AttentionShape {
  std::int64_t num_heads = 1;
  bool causal = false;  ///< token i of a segment sees tokens 0..i; queries and keys share segments
  std::int64_t window = 0;  ///< causal: at most this many tokens before i itself; 0: all
};

/// Throws ShapeError, naming `op`, when shapes, segments, heads or window do not fit.
void check_attention(const char* op,
                     const Variable& query,
                     const Variable& key,
                     const Variable& value,
                     const Segments& query_segments,
                     const Segments& key_segments,
                     const AttentionShape& shape);

}  // namespace elastic::ops

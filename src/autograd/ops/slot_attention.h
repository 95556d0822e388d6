// Causal attention to k slots per head, each a gated running mean of the tokens so far.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// K_t = K_{t-1} + gate_t (key_t - K_{t-1}) and V_t likewise, from zero, for each slot;
/// out_t = softmax over slots(query_t . K_t) V_t, unscaled, heads side by side.
///
/// query, key, value [T, D], gates [T, H, k] -> [T, D]. `key` may be the same variable as `value`:
/// half the work. Gradient: backward recomputes the states from every 64th of them. A defined
/// `state` [B, H, 2 k, D/H], or [B, H, k, D/H] if key is value, always float64, holds the slots
/// before the segments and is updated in place to those after them; nothing is recorded then.
/// Throws ShapeError when the shapes do not fit.
Variable slot_attention(const Variable& query,
                        const Variable& key,
                        const Variable& value,
                        const Variable& gates,
                        const Segments& segments,
                        Tensor state = {});

struct SlotAttention {
  Variable out;      ///< [T, D]
  Variable log_sum;  ///< [T, H], the log of each softmax's denominator
};

/// The same with the denominators, for extending the softmax later (join_experts).
SlotAttention slot_attention_with_sums(const Variable& query,
                                       const Variable& key,
                                       const Variable& value,
                                       const Variable& gates,
                                       const Segments& segments,
                                       Tensor state = {});

}  // namespace elastic::ops

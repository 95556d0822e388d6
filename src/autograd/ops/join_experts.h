// Adds retrieved experts to a token's attention.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// Adds each token's own experts to its attention: with e_i = gates_i table[indices_i], per head,
///   joined = (e^{log_sum} out + sum_i e^{query . e_i} e_i) / (e^{log_sum} + sum_i e^{query .
///   e_i}),
/// the result of one softmax over both, unscaled.
///
/// out [R, D] and log_sum [R, H] as slot_attention_with_sums gives them, query [R, D], heads side
/// by side, table [K, D], indices [R, k] int32 in 0..K-1, gates [R, k] -> [R, D]. No [R, k, D]
/// tensor exists. Gradient: with w the weights of the softmax, w_0 of `out`, and g = dL/d(joined):
///   dL/d(out) = w_0 g, dL/d(log_sum) = w_0 g . (out - joined),
///   dL/ds_i = w_i g . (e_i - joined) for the scores s_i = query . e_i,
///   dL/d(query) = sum_i dL/ds_i e_i, dL/d(e_i) = w_i g + dL/ds_i query,
/// and from e_i to gate and table; the choice of experts has no gradient. Throws ShapeError when
/// the shapes do not fit.
Variable join_experts(const Variable& out,
                      const Variable& log_sum,
                      const Variable& query,
                      const Variable& table,
                      const Tensor& indices,
                      const Variable& gates);

}  // namespace elastic::ops

// Softmax over rows.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// Softmax over the last dimension: p_i = exp(x_i - max x) / sum_j exp(x_j - max x).
///
/// logits [..., N] -> probabilities [..., N], each row summing to 1.
/// Gradient: dL/dx_i = p_i (g_i - sum_j g_j p_j), with g = dL/dp.
/// Throws ShapeError if `logits` is a scalar.
Variable softmax(const Variable& logits);

}  // namespace elastic::ops

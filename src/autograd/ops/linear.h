// Linear layers.
#pragma once

#include "autograd/variable.h"
#include "tensor/dropout.h"

namespace elastic::ops {

/// y = x weight^T + bias; `bias` may be undefined.
///
/// x [..., I], weight [O, I], bias [O] -> y [..., O].
/// Gradient: dx = g weight, dweight = g^T x, dbias = sum of g over rows.
/// Throws ShapeError when I or O differ.
Variable linear(const Variable& x, const Variable& weight, const Variable& bias = {});

/// residual + dropout(linear(x, weight, bias)), fused. residual [..., O].
/// Throws ShapeError when the shapes do not fit.
Variable linear_residual(const Variable& x,
                         const Variable& weight,
                         const Variable& bias,
                         const Variable& residual,
                         const Dropout& dropout);

}  // namespace elastic::ops

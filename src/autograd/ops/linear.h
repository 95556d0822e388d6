// Linear layers and matrix products.
#pragma once

#include "autograd/variable.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

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

/// A linear layer over groups of tokens: each segment's tokens by `stride` counted from its end, a
/// group's vectors side by side, oldest first; the oldest group is filled with zero vectors in
/// front.
/// x [T, D] in `segments`, weight [O, stride D], bias [O] -> [G, O] in `groups` =
/// segments.grouped(stride). Throws ShapeError when the shapes do not fit.
Variable group_linear(const Variable& x,
                      const Segments& segments,
                      const Segments& groups,
                      std::int64_t stride,
                      const Variable& weight,
                      const Variable& bias);

/// Transpose of a matrix [N, M] -> [M, N].
Variable transpose(const Variable& x);

}  // namespace elastic::ops

// Tokens read from experts: the second core of Linear Dispatcher Attention (see aggregate.h),
// without a [T, D] query.
#pragma once

#include "autograd/ops/layer_norm.h"
#include "autograd/variable.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// Tokens read from experts, with the sublayer's residual: z = norm(x); y_t = x_t + dropout( sum_h
/// sum_i softmax_i( z_t . key[b, h, i] ) value[b, h, i] + bias ).
///
/// x [T, D] in `segments`; key, value [B, H, k, D]; bias [D] -> [T, D]. The key includes the scale.
/// Throws ShapeError when the shapes do not fit.
Variable dispatcher_dispatch(const Variable& x,
                             const NormVariables& norm,
                             const Variable& key,
                             const Variable& value,
                             const Variable& bias,
                             const Segments& segments,
                             const Dropout& dropout);

}  // namespace elastic::ops

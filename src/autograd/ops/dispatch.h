// Experts hand back to tokens: the other core of Linear Dispatcher Attention (aggregate.h), where
// no [T, D] query exists.
#pragma once

#include "autograd/ops/layer_norm.h"
#include "autograd/variable.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// Experts hand back to tokens, with the sublayer's residual: z = norm(x);
/// y_t = x_t + dropout( sum_h sum_i softmax_i( z_t . key[b, h, i] ) value[b, h, i] + bias ).
///
/// x [T, D] in `segments`; key, value [B, H, k, D]; bias [D] -> [T, D]. The key carries the scale.
Variable dispatcher_dispatch(const Variable& x,
                             const NormVariables& norm,
                             const Variable& key,
                             const Variable& value,
                             const Variable& bias,
                             const Segments& segments,
                             const Dropout& dropout);

}  // namespace elastic::ops

// The position-wise feed-forward sublayer, fused.
#pragma once

#include "autograd/ops/layer_norm.h"
#include "autograd/variable.h"
#include "tensor/dropout.h"

namespace elastic::ops {

struct FfnVariables {
  NormVariables norm;
  Variable up_weight;    ///< [F, D]
  Variable up_bias;      ///< [F]
  Variable down_weight;  ///< [D, F]
  Variable down_bias;    ///< [D]
};

/// y = x + dropout( down( GELU( up( norm(x) ) ) ) ), x and y [T, D]. No [T, F] hidden layer exists;
/// backward recomputes it by tiles. Throws ShapeError when the shapes do not fit.
Variable ffn(const Variable& x, const FfnVariables& weights, const Dropout& dropout);

}  // namespace elastic::ops

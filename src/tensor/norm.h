// Parameters of a layer norm.
#pragma once

#include "tensor/operands.h"
#include "tensor/tensor.h"

namespace elastic {

/// LayerNorm's weight and bias [D]; both undefined for a norm without parameters. Its epsilon is
/// kNormEpsilon.
struct Norm {
  Tensor weight;
  Tensor bias;
  ELASTIC_OPERANDS(weight, bias);
};
inline constexpr double kNormEpsilon = 1e-5;

/// Gradients of a Norm, written by a backward kernel unless undefined.
using NormGrad = Norm;

}  // namespace elastic

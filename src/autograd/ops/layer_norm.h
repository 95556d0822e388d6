// Layer normalisation over rows.
#pragma once

#include "autograd/variable.h"
#include "tensor/norm.h"

namespace elastic::ops {

/// The affine parameters [D] of a norm; both undefined for a norm without parameters.
struct NormVariables {
  Variable weight;
  Variable bias;
  [[nodiscard]] bool has_parameters() const { return weight.defined(); }
  /// The values, as a kernel's operand.
  [[nodiscard]] Norm values() const;
  /// Uninitialised gradients for a backward kernel to write.
  [[nodiscard]] NormGrad new_grad() const;
  void add_grad(const NormGrad& grad) const;
};

/// y = (x - mean) / sqrt(var + 1e-5) * weight + bias over the last dimension. x [..., D] -> y [...,
/// D]. Gradient: see tensor/cpu/norm_rows.h. Throws ShapeError when the shapes do not fit.
Variable layer_norm(const Variable& x, const NormVariables& norm);

}  // namespace elastic::ops

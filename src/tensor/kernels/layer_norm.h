// Layer norm over the last dimension.
#pragma once

#include "tensor/kernel.h"
#include "tensor/norm.h"

namespace elastic::kernels {

/// y = (x - mean) / sqrt(var + eps) * weight + bias over the last dimension.
struct LayerNormForward {
  static constexpr const char* kName = "layer_norm_forward";
  const Tensor& x;
  const Norm& norm;
  Tensor& y;
  ELASTIC_OPERANDS(x, norm, y);
  double flops() const { return 0.0; }
};

/// Writes grad_x and the norm's gradients.
struct LayerNormBackward {
  static constexpr const char* kName = "layer_norm_backward";
  const Tensor& x;
  const Norm& norm;
  const Tensor& grad_y;
  Tensor& grad_x;
  NormGrad& grad_norm;
  ELASTIC_OPERANDS(x, norm, grad_y, grad_x, grad_norm);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

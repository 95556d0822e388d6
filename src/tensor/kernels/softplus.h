// Softplus, element by element.
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// y = log(1 + e^x), element by element.
struct SoftplusForward {
  static constexpr const char* kName = "softplus_forward";
  const Tensor& x;
  Tensor& y;
  ELASTIC_OPERANDS(x, y);
  double flops() const { return 0.0; }
};

/// Writes grad_x.
struct SoftplusBackward {
  static constexpr const char* kName = "softplus_backward";
  const Tensor& x;
  const Tensor& grad_y;
  Tensor& grad_x;
  ELASTIC_OPERANDS(x, grad_y, grad_x);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

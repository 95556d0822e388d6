// GELU in its tanh form (Hendrycks and Gimpel 2016).
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// y = GELU(x), element by element: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
struct GeluForward {
  static constexpr const char* kName = "gelu_forward";
  const Tensor& x;
  Tensor& y;
  ELASTIC_OPERANDS(x, y);
  double flops() const { return 0.0; }
};

/// Writes grad_x.
struct GeluBackward {
  static constexpr const char* kName = "gelu_backward";
  const Tensor& x;
  const Tensor& grad_y;
  Tensor& grad_x;
  ELASTIC_OPERANDS(x, grad_y, grad_x);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

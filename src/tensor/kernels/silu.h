// SiLU (Hendrycks and Gimpel 2016; Elfwing et al. 2018).
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// y = x sigma(x), element by element.
struct SiluForward {
  static constexpr const char* kName = "silu_forward";
  const Tensor& x;
  Tensor& y;
  ELASTIC_OPERANDS(x, y);
  double flops() const { return 0.0; }
};

/// Writes grad_x.
struct SiluBackward {
  static constexpr const char* kName = "silu_backward";
  const Tensor& x;
  const Tensor& grad_y;
  Tensor& grad_x;
  ELASTIC_OPERANDS(x, grad_y, grad_x);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

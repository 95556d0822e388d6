// GELU in its tanh form (Hendrycks and Gimpel 2016).
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// GELU in its tanh form.
struct GeluForward {
  static constexpr const char* kName = "gelu_forward";
  const Tensor& x;
  Tensor& y;
  auto operands() const { return std::tie(x, y); }
  double flops() const { return 0.0; }
};

struct GeluBackward {
  static constexpr const char* kName = "gelu_backward";
  const Tensor& x;
  const Tensor& grad_y;
  Tensor& grad_x;
  auto operands() const { return std::tie(x, grad_y, grad_x); }
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

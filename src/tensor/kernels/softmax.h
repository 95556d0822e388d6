// Softmax over the last dimension.
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// Softmax over the last dimension.
struct SoftmaxForward {
  static constexpr const char* kName = "softmax_forward";
  const Tensor& x;
  Tensor& y;
  auto operands() const { return std::tie(x, y); }
  double flops() const { return 0.0; }
};

struct SoftmaxBackward {
  static constexpr const char* kName = "softmax_backward";
  const Tensor& y;
  const Tensor& grad_y;
  Tensor& grad_x;
  auto operands() const { return std::tie(y, grad_y, grad_x); }
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

// Softmax over the last dimension.
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// y = softmax(x) over the last dimension, x and y [.., N].
struct SoftmaxForward {
  static constexpr const char* kName = "softmax_forward";
  const Tensor& x;
  Tensor& y;
  ELASTIC_OPERANDS(x, y);
  double flops() const { return 0.0; }
};

/// Writes grad_x.
struct SoftmaxBackward {
  static constexpr const char* kName = "softmax_backward";
  const Tensor& y;
  const Tensor& grad_y;
  Tensor& grad_x;
  ELASTIC_OPERANDS(y, grad_y, grad_x);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

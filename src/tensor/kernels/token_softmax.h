// Softmax over the tokens of a segment.
#pragma once

#include "tensor/kernel.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// Softmax over the tokens of each segment, column by column. x [T, C] -> y [T, C].
struct TokenSoftmaxForward {
  static constexpr const char* kName = "token_softmax_forward";
  const Tensor& x;
  const Segments& segments;
  Tensor& y;
  ELASTIC_OPERANDS(x, segments, y);
  double flops() const { return 0.0; }
};

/// Writes grad_x.
struct TokenSoftmaxBackward {
  static constexpr const char* kName = "token_softmax_backward";
  const Tensor& y;
  const Segments& segments;
  const Tensor& grad_y;
  Tensor& grad_x;
  ELASTIC_OPERANDS(y, segments, grad_y, grad_x);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

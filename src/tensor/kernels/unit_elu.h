// Rows of elu(x), scaled to unit length (LinRec).
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// Added to a row's length before the division by it.
inline constexpr double kUnitEpsilon = 1e-12;

/// y = elu(x) / (|elu(x)| + kUnitEpsilon), with the Euclidean norm over the last dimension.
struct UnitEluForward {
  static constexpr const char* kName = "unit_elu_forward";
  const Tensor& x;
  Tensor& y;
  ELASTIC_OPERANDS(x, y);
  double flops() const { return 0.0; }
};

/// Writes grad_x.
struct UnitEluBackward {
  static constexpr const char* kName = "unit_elu_backward";
  const Tensor& x;
  const Tensor& grad_y;
  Tensor& grad_x;
  ELASTIC_OPERANDS(x, grad_y, grad_x);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

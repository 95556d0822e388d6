// Rows of elu(x), scaled to unit length (LinRec).
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// Added to the length of a row before it is divided by.
inline constexpr double kUnitEpsilon = 1e-12;

/// y = elu(x) / (|elu(x)| + kUnitEpsilon), the Euclidean norm over the last dimension.
struct UnitEluForward {
  static constexpr const char* kName = "unit_elu_forward";
  const Tensor& x;
  Tensor& y;
  auto operands() const { return std::tie(x, y); }
  double flops() const { return 0.0; }
};

struct UnitEluBackward {
  static constexpr const char* kName = "unit_elu_backward";
  const Tensor& x;
  const Tensor& grad_y;
  Tensor& grad_x;
  auto operands() const { return std::tie(x, grad_y, grad_x); }
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

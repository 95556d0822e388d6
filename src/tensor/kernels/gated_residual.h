// A residual connection with a gate for each element.
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// out = x + sigmoid(gate) (y - x), element by element, equal shapes.
struct GatedResidualForward {
  static constexpr const char* kName = "gated_residual_forward";
  const Tensor& x;
  const Tensor& y;
  const Tensor& gate;
  Tensor& out;
  ELASTIC_OPERANDS(x, y, gate, out);
  double flops() const { return 0.0; }
};

/// Writes all gradients.
struct GatedResidualBackward {
  static constexpr const char* kName = "gated_residual_backward";
  const Tensor& x;
  const Tensor& y;
  const Tensor& gate;
  const Tensor& grad_out;
  Tensor& grad_x;
  Tensor& grad_y;
  Tensor& grad_gate;
  ELASTIC_OPERANDS(x, y, gate, grad_out, grad_x, grad_y, grad_gate);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

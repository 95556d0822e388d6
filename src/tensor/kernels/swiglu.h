// A product gated by SiLU (Shazeer, "GLU variants improve transformer", arXiv 2002.05202).
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// out = silu(a) b with silu(a) = a sigmoid(a), element by element, equal shapes.
struct SwigluForward {
  static constexpr const char* kName = "swiglu_forward";
  const Tensor& a;
  const Tensor& b;
  Tensor& out;
  ELASTIC_OPERANDS(a, b, out);
  double flops() const { return 0.0; }
};

/// Writes both gradients.
struct SwigluBackward {
  static constexpr const char* kName = "swiglu_backward";
  const Tensor& a;
  const Tensor& b;
  const Tensor& grad_out;
  Tensor& grad_a;
  Tensor& grad_b;
  ELASTIC_OPERANDS(a, b, grad_out, grad_a, grad_b);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

// Sums, products and multiples, element by element.
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// out = a + b, equal shapes.
struct Add {
  static constexpr const char* kName = "add";
  const Tensor& a;
  const Tensor& b;
  Tensor& out;
  ELASTIC_OPERANDS(a, b, out);
  double flops() const { return 0.0; }
};

/// out = a * b element by element, equal shapes.
struct Multiply {
  static constexpr const char* kName = "multiply";
  const Tensor& a;
  const Tensor& b;
  Tensor& out;
  ELASTIC_OPERANDS(a, b, out);
  double flops() const { return 0.0; }
};

/// y += x, equal shapes.
struct AddTo {
  static constexpr const char* kName = "add_to";
  const Tensor& x;
  Tensor& y;
  ELASTIC_OPERANDS(x, y);
  double flops() const { return 0.0; }
};

/// out = x * factor; out may be x.
struct Scale {
  static constexpr const char* kName = "scale";
  const Tensor& x;
  double factor;
  Tensor& out;
  ELASTIC_OPERANDS(x, out);
  double flops() const { return 0.0; }
};

/// out = x * scalar, `scalar` a tensor of one element; out may be x.
struct ScaleBy {
  static constexpr const char* kName = "scale_by";
  const Tensor& x;
  const Tensor& scalar;
  Tensor& out;
  ELASTIC_OPERANDS(x, scalar, out);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

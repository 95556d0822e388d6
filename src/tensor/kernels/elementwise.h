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
  auto operands() const { return std::tie(a, b, out); }
  double flops() const { return 0.0; }
};

/// out = a * b element by element, equal shapes.
struct Multiply {
  static constexpr const char* kName = "multiply";
  const Tensor& a;
  const Tensor& b;
  Tensor& out;
  auto operands() const { return std::tie(a, b, out); }
  double flops() const { return 0.0; }
};

/// y += x, equal shapes.
struct AddTo {
  static constexpr const char* kName = "add_to";
  const Tensor& x;
  Tensor& y;
  auto operands() const { return std::tie(x, y); }
  double flops() const { return 0.0; }
};

/// out = x * factor; out may be x.
struct Scale {
  static constexpr const char* kName = "scale";
  const Tensor& x;
  double factor;
  Tensor& out;
  auto operands() const { return std::tie(x, out); }
  double flops() const { return 0.0; }
};

/// out = x * scalar, `scalar` a tensor of one element; out may be x.
struct ScaleBy {
  static constexpr const char* kName = "scale_by";
  const Tensor& x;
  const Tensor& scalar;
  Tensor& out;
  auto operands() const { return std::tie(x, scalar, out); }
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

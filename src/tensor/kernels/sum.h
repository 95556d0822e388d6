// The sum of all elements.
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// out[0] = the sum of all elements of x, in a fixed order.
struct Sum {
  static constexpr const char* kName = "sum";
  const Tensor& x;
  Tensor& out;
  ELASTIC_OPERANDS(x, out);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

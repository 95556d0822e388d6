// The transpose of a matrix.
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// out [M, N] = x [N, M]^T
struct Transpose {
  static constexpr const char* kName = "transpose";
  const Tensor& x;
  Tensor& out;
  ELASTIC_OPERANDS(x, out);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

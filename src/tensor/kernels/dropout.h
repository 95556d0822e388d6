// Dropout, element by element.
#pragma once

#include "tensor/dropout.h"
#include "tensor/kernel.h"

namespace elastic::kernels {

/// y = mask(x) / (1 - rate); also the backward kernel, applied to the gradient. y may be x.
struct ApplyDropout {
  static constexpr const char* kName = "dropout";
  const Tensor& x;
  const Dropout& dropout;
  Tensor& y;
  ELASTIC_OPERANDS(x, y);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

// The column of the largest element of each row.
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// out[i] = the column of row i's largest element (ties: the smaller column). x [R, C] -> out [R]
/// int32.
struct ArgmaxRows {
  static constexpr const char* kName = "argmax_rows";
  const Tensor& x;
  Tensor& out;
  ELASTIC_OPERANDS(x, out);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

// Products per head with the rows of one weight: projections absorbed into experts.
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// Per head h with the rows W_h [Dh, D] of `weight`: out[b, h, i] = x[b k + i, head h] W_h.
/// x [B k, D] -> out [B, H, k, D].
struct HeadsExpand {
  static constexpr const char* kName = "heads_expand";
  const Tensor& x;
  const Tensor& weight;
  Tensor& out;
  ELASTIC_OPERANDS(x, weight, out);
  double flops() const { return 2.0 * num_rows(x) * num_cols(x) * num_cols(x); }
};

/// The transpose: out[b k + i, head h] = z[b, h, i] W_h^T. z [B, H, k, D] -> out [B k, D].
struct HeadsContract {
  static constexpr const char* kName = "heads_contract";
  const Tensor& z;
  const Tensor& weight;
  Tensor& out;
  ELASTIC_OPERANDS(z, weight, out);
  double flops() const { return 2.0 * num_rows(out) * num_cols(out) * num_cols(out); }
};

/// The weight's gradient in both: out_h [Dh, D] = sum over b, i of x[b k + i, head h]^T z[b, h, i].
struct HeadsOuter {
  static constexpr const char* kName = "heads_outer";
  const Tensor& x;
  const Tensor& z;
  Tensor& out;
  ELASTIC_OPERANDS(x, z, out);
  double flops() const { return 2.0 * num_rows(x) * num_cols(x) * num_cols(x); }
};

}  // namespace elastic::kernels

// Gathers rows of a table, and adds to them.
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// out[i] = table[rows[i]]. table [N, D], rows [R] int32 -> out [R, D].
struct GatherRows {
  static constexpr const char* kName = "gather_rows";
  const Tensor& table;
  const Tensor& rows;
  Tensor& out;
  ELASTIC_OPERANDS(SomeRows{table, num_entries(rows)}, rows, out);
  double flops() const { return 0.0; }
};

/// grad_table[rows[i]] += grad_out[i]; equal rows are summed in the order of i. grad_out [R, D],
/// rows [R] int32, grad_table [N, D].
struct ScatterAddRows {
  static constexpr const char* kName = "scatter_add_rows";
  const Tensor& grad_out;
  const Tensor& rows;
  Tensor& grad_table;
  ELASTIC_OPERANDS(grad_out, rows, SomeRows{grad_table, num_entries(rows)});
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

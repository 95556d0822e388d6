// Experts that each token retrieves join its softmax.
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// Lets each token's own experts join what it has attended to: with the rows e_i = gates_i
/// table[indices_i] of its k experts, head by head, the softmax over (log_sum, query . e_1, ..,
/// query . e_k) weighs (out, e_1, .., e_k), as if all had been in the first softmax.
/// out [R, D], log_sum [R, H], query [R, D], heads side by side, table [K, D], indices int32 and
/// gates [R, k] -> joined [R, D]. No [R, k, D].
struct JoinExpertsForward {
  static constexpr const char* kName = "join_experts_forward";
  const Tensor& out;
  const Tensor& log_sum;
  const Tensor& query;
  const Tensor& table;
  const Tensor& indices;
  const Tensor& gates;
  Tensor& joined;
  auto operands() const {
    return operands_of(
        out, log_sum, query, SomeRows{table, num_entries(indices)}, indices, gates, joined);
  }
  double flops() const { return 4.0 * num_rows(query) * num_cols(query) * num_cols(gates); }
};

/// An expert's gradients are summed in the order of the tokens.
struct JoinExpertsBackward {
  static constexpr const char* kName = "join_experts_backward";
  const Tensor& out;
  const Tensor& log_sum;
  const Tensor& query;
  const Tensor& table;
  const Tensor& indices;
  const Tensor& gates;
  const Tensor& grad_joined;
  Tensor& grad_out;
  Tensor& grad_log_sum;
  Tensor& grad_query;
  Tensor& grad_table;
  Tensor& grad_gates;
  auto operands() const {
    return operands_of(out,
                       log_sum,
                       query,
                       SomeRows{table, num_entries(indices)},
                       indices,
                       gates,
                       grad_joined,
                       grad_out,
                       grad_log_sum,
                       grad_query,
                       grad_table,
                       grad_gates);
  }
  double flops() const { return 8.0 * num_rows(query) * num_cols(query) * num_cols(gates); }
};

}  // namespace elastic::kernels

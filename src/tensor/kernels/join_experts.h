// Extends each token's attention softmax by the experts that the token retrieves.
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// Adds each token's own k experts to an attention that has been computed. With the experts' rows
/// e_i = gates_i table[indices_i], per head, the softmax over (log_sum, query . e_1, .., query .
/// e_k) weights (out, e_1, .., e_k): the result is that of one softmax over all. out [R, D],
/// log_sum [R, H], query [R, D], heads side by side, table [K, D], indices int32 and gates [R, k]
/// -> joined [R, D]. No [R, k, D] tensor exists.
struct JoinExpertsForward {
  static constexpr const char* kName = "join_experts_forward";
  const Tensor& out;
  const Tensor& log_sum;
  const Tensor& query;
  const Tensor& table;
  const Tensor& indices;
  const Tensor& gates;
  Tensor& joined;
  ELASTIC_OPERANDS(
      out, log_sum, query, SomeRows{table, num_entries(indices)}, indices, gates, joined);
  double flops() const { return 4.0 * num_rows(query) * num_cols(query) * num_cols(gates); }
};

/// Writes all gradients. A table row sums over the tokens that chose it, in their order.
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
  ELASTIC_OPERANDS(out,
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
  double flops() const { return 8.0 * num_rows(query) * num_cols(query) * num_cols(gates); }
};

}  // namespace elastic::kernels

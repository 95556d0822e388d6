// Retrieval from a large memory by product keys.
#pragma once

#include "tensor/kernel.h"

namespace elastic::kernels {

/// Product keys: each of M heads picks the k / M experts with the largest sums of two sub-key
/// scores, in descending order (ties: the smaller id); gates = (k / M) softmax of the chosen
/// scores; experts = gates * memory[indices], unless memory and experts are undefined. query [B, M,
/// Dk], subkeys [M, 2, S, Dk / 2], memory [S * S, D] -> indices, gates [B, k], experts [B, k, D].
/// bias [M, 2, S], unless undefined, is added to the scores for the choice and its order only.
struct ProductKeysForward {
  static constexpr const char* kName = "product_keys_forward";
  const Tensor& query;
  const Tensor& subkeys;
  const Tensor& memory;
  const Tensor& bias;
  Tensor& indices;
  Tensor& gates;
  Tensor& experts;
  ELASTIC_OPERANDS(
      query, subkeys, SomeRows{memory, num_entries(indices)}, bias, indices, gates, experts);
  double flops() const {
    return 2.0 * num_rows(query) * num_cols(query) * static_cast<double>(subkeys.shape()[2]);
  }
};

/// Writes all gradients; the choice of experts has none.
struct ProductKeysBackward {
  static constexpr const char* kName = "product_keys_backward";
  const Tensor& query;
  const Tensor& subkeys;
  const Tensor& memory;
  const Tensor& indices;
  const Tensor& gates;
  const Tensor& grad_experts;
  Tensor& grad_query;
  Tensor& grad_subkeys;
  Tensor& grad_memory;
  ELASTIC_OPERANDS(query,
                   subkeys,
                   SomeRows{memory, num_entries(indices)},
                   indices,
                   gates,
                   grad_experts,
                   grad_query,
                   grad_subkeys,
                   grad_memory);
  /// Products of the experts' gradient with gates and memory, and of each chosen pair with queries
  /// and keys.
  double flops() const { return 4.0 * num_entries(gates) * (num_cols(memory) + num_cols(query)); }
};

/// Backward of the gates alone: writes grad_query and grad_subkeys.
struct ProductKeyGatesBackward {
  static constexpr const char* kName = "product_key_gates_backward";
  const Tensor& query;
  const Tensor& subkeys;
  const Tensor& indices;
  const Tensor& gates;
  const Tensor& grad_gates;
  Tensor& grad_query;
  Tensor& grad_subkeys;
  ELASTIC_OPERANDS(query, subkeys, indices, gates, grad_gates, grad_query, grad_subkeys);
  double flops() const { return 4.0 * num_rows(gates) * num_cols(gates) * num_cols(query); }
};

}  // namespace elastic::kernels

// A gated recurrent unit.
#pragma once

#include "tensor/kernel.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// A gated recurrent unit along each segment, from a zero state. Gates are stored in the order
/// reset, update, new: with i = input_t, g = h_{t-1} weight^T + bias, r = sigmoid(i_r + g_r), z =
/// sigmoid(i_z + g_z), n = tanh(i_n + r g_n), h_t = (1 - z) n + z h_{t-1}. input [T, 3 D], weight
/// [3 D, D], bias [3 D] -> hidden [T, D].
struct GruForward {
  static constexpr const char* kName = "gru_forward";
  const Tensor& input;
  const Tensor& weight;
  const Tensor& bias;
  const Segments& segments;
  Tensor& hidden;
  ELASTIC_OPERANDS(input, weight, bias, segments, hidden);
  double flops() const { return 6.0 * num_rows(hidden) * num_cols(hidden) * num_cols(hidden); }
};

/// Writes all gradients; recomputes the gates from `hidden`.
struct GruBackward {
  static constexpr const char* kName = "gru_backward";
  const Tensor& input;
  const Tensor& weight;
  const Tensor& bias;
  const Segments& segments;
  const Tensor& hidden;
  const Tensor& grad_hidden;
  Tensor& grad_input;
  Tensor& grad_weight;
  Tensor& grad_bias;
  ELASTIC_OPERANDS(
      input, weight, bias, segments, hidden, grad_hidden, grad_input, grad_weight, grad_bias);
  double flops() const { return 12.0 * num_rows(hidden) * num_cols(hidden) * num_cols(hidden); }
};

}  // namespace elastic::kernels

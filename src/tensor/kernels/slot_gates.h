// Gates of slot attention: decayed prefix softmax, and forget gates.
#pragma once

#include "tensor/kernel.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// Gates that make a running mean a decayed prefix softmax: with rate = softplus(decay), gate_t =
/// e^{s_t} / sum over j <= t of e^{s_j - rate (t - j)}, within each segment and column. scores [T,
/// C], decay [C] -> gates [T, C], each in (0, 1]. `log_sum` [B, C], float64 for scores of any type,
/// is the log of the decayed sum over the tokens before a segment (-inf: none) and is updated in
/// place to that after its last token; the sums are then added in float64. Undefined: no tokens
/// before.
struct PrefixGatesForward {
  static constexpr const char* kName = "prefix_gates_forward";
  const Tensor& scores;
  const Tensor& decay;
  const Segments& segments;
  Tensor& log_sum;
  Tensor& gates;
  ELASTIC_OPERANDS(scores, decay, segments, log_sum, gates);
  double flops() const { return 0.0; }
};

/// Writes both gradients.
struct PrefixGatesBackward {
  static constexpr const char* kName = "prefix_gates_backward";
  const Tensor& gates;
  const Tensor& decay;
  const Segments& segments;
  const Tensor& grad_gates;
  Tensor& grad_scores;
  Tensor& grad_decay;
  ELASTIC_OPERANDS(gates, decay, segments, grad_gates, grad_scores, grad_decay);
  double flops() const { return 0.0; }
};

/// gates = 1 - sigmoid(x)^(1 / temperature), element by element.
struct ForgetGatesForward {
  static constexpr const char* kName = "forget_gates_forward";
  const Tensor& x;
  double temperature;
  Tensor& gates;
  ELASTIC_OPERANDS(x, gates);
  double flops() const { return 0.0; }
};

/// Writes grad_x.
struct ForgetGatesBackward {
  static constexpr const char* kName = "forget_gates_backward";
  const Tensor& x;
  double temperature;
  const Tensor& grad_gates;
  Tensor& grad_x;
  ELASTIC_OPERANDS(x, grad_gates, grad_x);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

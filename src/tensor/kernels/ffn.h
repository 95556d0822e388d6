// The position-wise feed-forward sublayer.
#pragma once

#include "tensor/dropout.h"
#include "tensor/kernel.h"
#include "tensor/norm.h"

namespace elastic {

/// Weights of the position-wise network; up [F, D], down [D, F].
struct FfnWeights {
  Norm norm;
  Tensor up_weight, up_bias, down_weight, down_bias;
  ELASTIC_OPERANDS(norm, up_weight, up_bias, down_weight, down_bias);
};

}  // namespace elastic

namespace elastic::kernels {

/// y = x + dropout( down( GELU( up( norm(x) ) ) ) ), x and y [T, D], by tiles of tokens; no [T, F]
/// tensor exists.
struct FfnForward {
  static constexpr const char* kName = "ffn_forward";
  const Tensor& x;
  const FfnWeights& weights;
  const Dropout& dropout;
  Tensor& y;
  ELASTIC_OPERANDS(x, weights, y);
  double flops() const { return 4.0 * num_rows(x) * num_cols(x) * num_rows(weights.up_weight); }
};

/// Writes all gradients; recomputes the hidden layer. grad_x includes that of the residual and may
/// be grad_y.
struct FfnBackward {
  static constexpr const char* kName = "ffn_backward";
  const Tensor& x;
  const FfnWeights& weights;
  const Dropout& dropout;
  const Tensor& grad_y;
  Tensor& grad_x;
  FfnWeights& grad_weights;
  ELASTIC_OPERANDS(x, weights, grad_y, grad_x, grad_weights);
  double flops() const { return 8.0 * num_rows(x) * num_cols(x) * num_rows(weights.up_weight); }
};

}  // namespace elastic::kernels

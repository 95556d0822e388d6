// Linear layers.
#pragma once

#include "tensor/dropout.h"
#include "tensor/kernel.h"

namespace elastic::kernels {

/// y [.., O] = x [.., I] weight [O, I]^T + bias [O]; `bias` may be undefined.
struct LinearForward {
  static constexpr const char* kName = "linear_forward";
  const Tensor& x;
  const Tensor& weight;
  const Tensor& bias;
  Tensor& y;
  ELASTIC_OPERANDS(x, weight, bias, y);
  double flops() const { return 2.0 * num_rows(x) * num_cols(x) * num_cols(y); }
};

/// Writes the gradients that are not null.
struct LinearBackward {
  static constexpr const char* kName = "linear_backward";
  const Tensor& x;
  const Tensor& weight;
  const Tensor& grad_y;
  Tensor* grad_x;
  Tensor* grad_weight;
  Tensor* grad_bias;
  ELASTIC_OPERANDS(x, weight, grad_y, grad_x, grad_weight, grad_bias);
  double flops() const {
    return 2.0 * num_rows(x) * num_cols(x) * num_cols(grad_y) *
           ((grad_x != nullptr ? 1.0 : 0.0) + (grad_weight != nullptr ? 1.0 : 0.0));
  }
};

/// y = residual + dropout( x weight^T + bias ), residual and y [.., O].
struct LinearResidualForward {
  static constexpr const char* kName = "linear_residual_forward";
  const Tensor& x;
  const Tensor& weight;
  const Tensor& bias;
  const Tensor& residual;
  const Dropout& dropout;
  Tensor& y;
  ELASTIC_OPERANDS(x, weight, bias, residual, y);
  double flops() const { return 2.0 * num_rows(x) * num_cols(x) * num_cols(y); }
};

}  // namespace elastic::kernels

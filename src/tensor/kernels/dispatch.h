// The dispatch core of Linear Dispatcher Attention: tokens read from experts.
#pragma once

#include "tensor/dropout.h"
#include "tensor/kernel.h"
#include "tensor/norm.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// Dispatch with absorbed projections and its residual: z = norm(x);
/// y_t = x_t + dropout( sum_h sum_i softmax_i(z_t . key[b, h, i]) value[b, h, i] + bias ).
/// x [T, D]; key, value [B, H, k, D]; bias [D].
struct DispatchForward {
  static constexpr const char* kName = "dispatch_forward";
  const Tensor& x;
  const Norm& norm;
  const Tensor& key;
  const Tensor& value;
  const Tensor& bias;
  const Segments& segments;
  const Dropout& dropout;
  Tensor& y;
  ELASTIC_OPERANDS(x, norm, key, value, bias, segments, y);
  double flops() const { return 4.0 * num_rows(x) * num_cols(x) * experts_per_sequence(key); }
};

/// Writes all gradients. grad_x includes that of the residual and may be grad_y.
struct DispatchBackward {
  static constexpr const char* kName = "dispatch_backward";
  const Tensor& x;
  const Norm& norm;
  const Tensor& key;
  const Tensor& value;
  const Segments& segments;
  const Dropout& dropout;
  const Tensor& grad_y;
  Tensor& grad_x;
  NormGrad& grad_norm;
  Tensor& grad_key;
  Tensor& grad_value;
  Tensor& grad_bias;
  ELASTIC_OPERANDS(
      x, norm, key, value, segments, grad_y, grad_x, grad_norm, grad_key, grad_value, grad_bias);
  double flops() const { return 8.0 * num_rows(x) * num_cols(x) * experts_per_sequence(key); }
};

}  // namespace elastic::kernels

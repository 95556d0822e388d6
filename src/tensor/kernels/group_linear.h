// A linear layer over groups of neighbouring tokens.
#pragma once

#include <cstdint>

#include "tensor/kernel.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// A linear layer over groups of tokens. Each segment is cut into groups of `stride` tokens,
/// counted from its end; a group is its tokens' vectors concatenated, oldest first. The oldest
/// group is padded in front with zero vectors. x [T, D], weight [O, stride * D], bias [O] -> y [G,
/// O], G = groups.num_tokens().
struct GroupLinearForward {
  static constexpr const char* kName = "group_linear_forward";
  const Tensor& x;
  const Segments& segments;
  const Segments& groups;
  std::int64_t stride;
  const Tensor& weight;
  const Tensor& bias;
  Tensor& y;
  ELASTIC_OPERANDS(x, segments, groups, weight, bias, y);
  double flops() const { return 2.0 * num_rows(y) * num_cols(weight) * num_cols(y); }
};

/// Adds to grad_x; writes the other gradients.
struct GroupLinearBackward {
  static constexpr const char* kName = "group_linear_backward";
  const Tensor& x;
  const Segments& segments;
  const Segments& groups;
  std::int64_t stride;
  const Tensor& weight;
  const Tensor& grad_y;
  Tensor& grad_x;
  Tensor& grad_weight;
  Tensor& grad_bias;
  ELASTIC_OPERANDS(x, segments, groups, weight, grad_y, grad_x, grad_weight, grad_bias);
  double flops() const { return 4.0 * num_rows(grad_y) * num_cols(weight) * num_cols(grad_y); }
};

}  // namespace elastic::kernels

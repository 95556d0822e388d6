// The aggregate core of Linear Dispatcher Attention: experts gather from tokens.
#pragma once

#include "tensor/kernel.h"
#include "tensor/norm.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// Linear Dispatcher Attention, aggregate core with absorbed projections, one pass over x:
/// z = norm(x); pooled[b, h, i] = sum_t softmax_t(z_t . query[b, h, i]) z_t over segment b.
/// x [T, D], query [B, H, k, D] -> pooled [B, H, k, D], log_sum [B, H, k]. An empty segment pools
/// to zero.
struct AggregateForward {
  static constexpr const char* kName = "aggregate_forward";
  const Tensor& x;
  const Norm& norm;
  const Tensor& query;
  const Segments& segments;
  Tensor& pooled;
  Tensor& log_sum;
  ELASTIC_OPERANDS(x, norm, query, segments, pooled, log_sum);
  double flops() const { return 4.0 * num_rows(x) * num_cols(x) * experts_per_sequence(query); }
};

/// Adds to grad_x; writes the other gradients.
struct AggregateBackward {
  static constexpr const char* kName = "aggregate_backward";
  const Tensor& x;
  const Norm& norm;
  const Tensor& query;
  const Segments& segments;
  const Tensor& pooled;
  const Tensor& log_sum;
  const Tensor& grad_pooled;
  Tensor& grad_x;
  NormGrad& grad_norm;
  Tensor& grad_query;
  ELASTIC_OPERANDS(
      x, norm, query, segments, pooled, log_sum, grad_pooled, grad_x, grad_norm, grad_query);
  double flops() const { return 8.0 * num_rows(x) * num_cols(x) * experts_per_sequence(query); }
};

}  // namespace elastic::kernels

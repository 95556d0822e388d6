// Multi-head softmax attention within segments, without a stored map.
#pragma once

#include "tensor/attention_layout.h"
#include "tensor/kernel.h"

namespace elastic::kernels {

/// Multi-head softmax attention per segment, scale 1 / sqrt(Dh), by tiles: no map is stored.
/// query [Tq, D], key and value [Tk, D] -> out [Tq, D], log_sum [Tq, H] (log of the softmax
/// denominator, for backward). A query without keys gets zeros.
struct SegmentAttentionForward {
  static constexpr const char* kName = "segment_attention_forward";
  const Tensor& query;
  const Tensor& key;
  const Tensor& value;
  const AttentionLayout& layout;
  Tensor& out;
  Tensor& log_sum;
  ELASTIC_OPERANDS(query, key, value, layout, out, log_sum);
  double flops() const { return 4.0 * attended_pairs(layout) * num_cols(query); }
};

/// Writes all gradients; recomputes the probabilities from log_sum.
struct SegmentAttentionBackward {
  static constexpr const char* kName = "segment_attention_backward";
  const Tensor& query;
  const Tensor& key;
  const Tensor& value;
  const AttentionLayout& layout;
  const Tensor& out;
  const Tensor& log_sum;
  const Tensor& grad_out;
  Tensor& grad_query;
  Tensor& grad_key;
  Tensor& grad_value;
  ELASTIC_OPERANDS(
      query, key, value, layout, out, log_sum, grad_out, grad_query, grad_key, grad_value);
  double flops() const { return 8.0 * attended_pairs(layout) * num_cols(query); }
};

}  // namespace elastic::kernels

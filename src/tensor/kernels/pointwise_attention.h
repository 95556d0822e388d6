// Attention with pointwise SiLU weights and relative biases (HSTU, arXiv 2402.17152).
#pragma once

#include "tensor/attention_layout.h"
#include "tensor/kernel.h"

namespace elastic {

/// Biases of a query at place i for the key at place j of its segment, the same for all heads:
/// position[i - j] + time[bucket of its seconds - the key's]. The bucket of s seconds is
/// floor(log2(s + 1)), 0 if s is negative.
struct RelativeBias {
  const Tensor& position;       ///< [N], N at least the longest segment
  const Tensor& time;           ///< [32], or undefined: no time bias
  const Tensor& seconds;        ///< [Tk] int32 of the keys, only with `time`
  const Tensor& query_seconds;  ///< [Tk] int32 of the same tokens as queries
  ELASTIC_OPERANDS(position, time, seconds, query_seconds);
};

namespace kernels {

/// out_i = scale * sum over j of silu( query_i . key_j + bias_ij ) value_j, per head. query [Tq,
/// D], key and value [Tk, D] -> out [Tq, D]. The queries of a segment are the latest of its tokens;
/// each sees the keys up to its own place.
struct PointwiseAttentionForward {
  static constexpr const char* kName = "pointwise_attention_forward";
  const Tensor& query;
  const Tensor& key;
  const Tensor& value;
  const RelativeBias& bias;
  const AttentionLayout& layout;
  const double scale;
  Tensor& out;
  ELASTIC_OPERANDS(query, key, value, bias, layout, out);
  double flops() const { return 4.0 * attended_pairs(layout) * num_cols(query); }
};

/// Writes all gradients; computes the weights again. grad_time is undefined without a time bias.
struct PointwiseAttentionBackward {
  static constexpr const char* kName = "pointwise_attention_backward";
  const Tensor& query;
  const Tensor& key;
  const Tensor& value;
  const RelativeBias& bias;
  const AttentionLayout& layout;
  const double scale;
  const Tensor& grad_out;
  Tensor& grad_query;
  Tensor& grad_key;
  Tensor& grad_value;
  Tensor& grad_position;
  Tensor& grad_time;
  ELASTIC_OPERANDS(query,
                   key,
                   value,
                   bias,
                   layout,
                   grad_out,
                   grad_query,
                   grad_key,
                   grad_value,
                   grad_position,
                   grad_time);
  double flops() const { return 8.0 * attended_pairs(layout) * num_cols(query); }
};

}  // namespace kernels
}  // namespace elastic

// Attention without softmax: a context matrix per segment and head.
#pragma once

#include "tensor/kernel.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// Attention without softmax, per segment and head: context[b, h] = sum_t key_t^T value_t,
/// out_t = query_t context[b, h]. query [Tq, D], key and value [Tk, D], heads side by side ->
/// context [B, H, Dh, Dh], out [Tq, D]. A query without keys gets zeros.
struct LinearAttentionForward {
  static constexpr const char* kName = "linear_attention_forward";
  const Tensor& query;
  const Tensor& key;
  const Tensor& value;
  const Segments& queries;
  const Segments& keys;
  Tensor& context;
  Tensor& out;
  ELASTIC_OPERANDS(query, key, value, queries, keys, context, out);
  double flops() const {
    return 2.0 * (num_rows(query) + num_rows(key)) * num_cols(query) * num_cols(context);
  }
};

/// Writes all gradients.
struct LinearAttentionBackward {
  static constexpr const char* kName = "linear_attention_backward";
  const Tensor& query;
  const Tensor& key;
  const Tensor& value;
  const Segments& queries;
  const Segments& keys;
  const Tensor& context;
  const Tensor& grad_out;
  Tensor& grad_query;
  Tensor& grad_key;
  Tensor& grad_value;
  ELASTIC_OPERANDS(
      query, key, value, queries, keys, context, grad_out, grad_query, grad_key, grad_value);
  double flops() const {
    return 4.0 * (num_rows(query) + num_rows(key)) * num_cols(query) * num_cols(context);
  }
};

}  // namespace elastic::kernels

// Causal attention to slots that are gated running means.
#pragma once

#include "tensor/kernel.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// Flops of the forward pass: each token updates, scores and sums every slot of a head, and updates
/// it twice if keys and values differ.
inline double slot_flops(const Tensor& key, const Tensor& value, const Tensor& gates) {
  const double passes = key.raw_data() == value.raw_data() ? 3.0 : 4.0;
  return 2.0 * passes * num_rows(value) * num_cols(value) * num_cols(gates);
}

/// Causal attention to k slots per head, each a gated running mean over the segment: K_t = K_{t-1}
/// + gate_t (key_t - K_{t-1}), V_t likewise from zero, with one gate per slot; out_t = softmax over
/// slots(query_t . K_t) V_t. query, key, value [T, D], heads side by side, gates [T, H, k] -> out
/// [T, D]. `key` may be the same tensor as `value`: half the work. No [T, k, D] tensor exists.
/// `state` [B, H, 2 k, Dh], the slots' keys and then their values ([B, H, k, Dh] if key is value),
/// float64 for queries of any type, is read before a segment and updated in place after it, in
/// float64; undefined: slots start empty. `log_sum` [T, H], the log of the softmax's denominator,
/// is written if defined.
struct SlotAttentionForward {
  static constexpr const char* kName = "slot_attention_forward";
  const Tensor& query;
  const Tensor& key;
  const Tensor& value;
  const Tensor& gates;
  const Segments& segments;
  Tensor& state;
  Tensor& out;
  Tensor& log_sum;
  ELASTIC_OPERANDS(query, key, value, gates, segments, state, out, log_sum);
  double flops() const { return slot_flops(key, value, gates); }
};

/// Writes all gradients. If `key` is `value`, grad_value receives the sum of both gradients and
/// grad_key is unchanged. `grad_log_sum` may be undefined.
struct SlotAttentionBackward {
  static constexpr const char* kName = "slot_attention_backward";
  const Tensor& query;
  const Tensor& key;
  const Tensor& value;
  const Tensor& gates;
  const Segments& segments;
  const Tensor& grad_out;
  const Tensor& grad_log_sum;
  Tensor& grad_query;
  Tensor& grad_key;
  Tensor& grad_value;
  Tensor& grad_gates;
  ELASTIC_OPERANDS(query,
                   key,
                   value,
                   gates,
                   segments,
                   grad_out,
                   grad_log_sum,
                   grad_query,
                   grad_key,
                   grad_value,
                   grad_gates);
  double flops() const { return 2.0 * slot_flops(key, value, gates); }
};

}  // namespace elastic::kernels

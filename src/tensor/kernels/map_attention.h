// Multi-head softmax attention within segments, with a stored map.
#pragma once

#include "tensor/attention_layout.h"
#include "tensor/kernel.h"

namespace elastic::kernels {

/// Multi-head softmax attention per segment, scale 1 / sqrt(Dh), as in segment_attention.h, but
/// with every score computed and the probabilities stored. query [Tq, D], key and value [Tk, D] ->
/// out [Tq, D], map: H x queries x keys elements per segment, in an order that each backend
/// chooses. No segment of keys may be empty.
struct MapAttentionForward {
  static constexpr const char* kName = "map_attention_forward";
  const Tensor& query;
  const Tensor& key;
  const Tensor& value;
  const AttentionLayout& layout;
  Tensor& map;
  Tensor& out;
  ELASTIC_OPERANDS(query, key, value, layout, map, out);
  double flops() const { return 4.0 * attended_pairs(layout) * num_cols(query); }
};

/// Writes all gradients and overwrites the map.
struct MapAttentionBackward {
  static constexpr const char* kName = "map_attention_backward";
  const Tensor& query;
  const Tensor& key;
  const Tensor& value;
  const AttentionLayout& layout;
  const Tensor& out;
  const Tensor& grad_out;
  Tensor& map;
  Tensor& grad_query;
  Tensor& grad_key;
  Tensor& grad_value;
  ELASTIC_OPERANDS(query, key, value, layout, out, grad_out, map, grad_query, grad_key, grad_value);
  double flops() const { return 8.0 * attended_pairs(layout) * num_cols(query); }
};

}  // namespace elastic::kernels

// Causal attention without softmax whose weights decay along the tokens.
#pragma once

#include "tensor/kernel.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// Sums over the tokens so far, per segment and head, in time and memory linear in T. With
///   w_ij = exp( -(rates_{j+1} + ... + rates_i) - lead_i ),   j <= i,
/// out_i = sum over j <= i of w_ij (x_i . y_j) z_j; with `reverse` it is out_j = sum over i >= j of
/// w_ij (x_j . y_i) z_i. x, y [T, H Dx], z [T, H Dz], heads side by side -> out [T, H Dz]. rates,
/// lead [T, H], each at least 0, or undefined: 0. `state` [B, H, Dx, Dz], float64 for operands of
/// any type and not with `reverse`, is the decayed sum of y_j^T z_j up to the token before a
/// segment, read at its start and updated in place to its last token; undefined: zero.
struct Retention {
  static constexpr const char* kName = "retention";
  const Tensor& x;
  const Tensor& y;
  const Tensor& z;
  const Tensor& rates;
  const Tensor& lead;
  const Segments& segments;
  std::int64_t num_heads;
  bool reverse;
  Tensor& state;
  Tensor& out;
  ELASTIC_OPERANDS(x, y, z, rates, lead, segments, state, out);
  double flops() const {
    return 4.0 * num_rows(x) * num_cols(x) * num_cols(z) / static_cast<double>(num_heads);
  }
};

/// The rate from which on a token sees nothing of the tokens before it: e^-rate is less than the
/// rounding of a sum that it is added to.
template <class T>
constexpr T kForgettingRate = sizeof(T) == 4 ? T(20) : T(40);

/// Gradients of rates and lead [T, H] from the products of queries and keys with their gradients:
/// grad_lead_i = -query_i . grad_query_i, grad_rates_i = sum over the tokens t >= i of the segment
/// of key_t . grad_key_t - query_t . grad_query_t, per head. query, key and their gradients [T, H
/// D]. The sum is zero where nothing before i is seen, apart from roundings: from kForgettingRate
/// on it is set to zero and begins anew, because rates may be long times whose factors magnify
/// roundings. rates and grad_rates may be undefined together, grad_lead alone.
struct RetentionDecayBackward {
  static constexpr const char* kName = "retention_decay_backward";
  const Tensor& query;
  const Tensor& grad_query;
  const Tensor& key;
  const Tensor& grad_key;
  const Tensor& rates;
  const Segments& segments;
  std::int64_t num_heads;
  Tensor& grad_rates;
  Tensor& grad_lead;
  ELASTIC_OPERANDS(query, grad_query, key, grad_key, rates, segments, grad_rates, grad_lead);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

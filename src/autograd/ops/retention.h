// Causal attention without softmax whose weights decay along the tokens: linear in their number.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// Decays of a retention, [T, H], each number at least 0; undefined: 0.
struct RetentionDecay {
  Variable rates;   ///< from the token before to this one
  Variable lead{};  ///< from a query's token to the place that it looks from
};

/// out_i = sum over j <= i of exp( -(rates_{j+1} + ... + rates_i) - lead_i ) (query_i . key_j)
/// value_j, per segment and head; unscaled. Sun et al., arXiv 2307.08621, with a rate for each
/// token.
///
/// query, key [T, H Dk], value [T, H Dv], heads side by side -> [T, H Dv]. Time and memory are
/// linear in T. A defined `state` [B, H, Dk, Dv], always float64, is the decayed sum of key^T value
/// before the segments and is updated in place to their last tokens; nothing is recorded then.
/// Gradient: with w the weights and g = dL/dout, dquery_i = sum_j w_ij (g_i . value_j) key_j,
/// dkey_j = sum_i w_ij (g_i . value_j) query_i, dvalue_j = sum_i w_ij (query_i . key_j) g_i, all
/// retentions of their own; those of the decays follow from query . dquery and key . dkey
/// (kernels/retention.h). Throws ShapeError when the shapes do not fit.
Variable retention(const Variable& query,
                   const Variable& key,
                   const Variable& value,
                   const RetentionDecay& decay,
                   const Segments& segments,
                   std::int64_t num_heads,
                   Tensor state = {});

}  // namespace elastic::ops

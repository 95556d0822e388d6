// Attention with pointwise SiLU weights in place of a softmax.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// Relative biases of the scores, the same for all heads.
struct RelativeBiasVariables {
  Variable position;       ///< [N], by the distance from query to key
  Variable time{};         ///< [32], by the bucket of the seconds between them; undefined: none
  Tensor seconds{};        ///< [Tk] int32, of the tokens as keys
  Tensor query_seconds{};  ///< [Tk] int32, of the tokens as queries
};

/// out_i = scale * sum over j <= i of silu( query_i . key_j + position[i - j] + time[bucket] )
/// value_j for each head (HSTU). The bucket of s seconds, query_seconds[i] - seconds[j], is
/// floor(log2(s + 1)), 0 if s is negative.
///
/// query [Tq, D] in query_segments; key, value [Tk, D] in key_segments -> [Tq, D]. The queries of a
/// segment are its latest tokens: all, or the last. Gradient: with S the scores and W the weights,
/// dV = W^T g, dS = scale silu'(S) (g V^T), dQ = dS K, dK = dS^T Q; a bias sums the dS that it is
/// part of. Throws ShapeError when shapes, segments or heads do not fit.
Variable pointwise_attention(const Variable& query,
                             const Variable& key,
                             const Variable& value,
                             const RelativeBiasVariables& bias,
                             const Segments& query_segments,
                             const Segments& key_segments,
                             std::int64_t num_heads,
                             double scale);

}  // namespace elastic::ops

// Experts gather from tokens: a core of Linear Dispatcher Attention (Deng et al., arXiv 2408.09380)
// with absorbed projections: it reads normalised tokens, no [T, D] key or value exists.
#pragma once

#include "autograd/ops/layer_norm.h"
#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// Experts gather from tokens: z = norm(x); out[b, h, i] = sum over the tokens t of sequence b of
/// softmax_t( z_t . query[b, h, i] ) z_t. The query includes the scale.
///
/// x [T, D] in `segments`, query [B, H, k, D] -> [B, H, k, D]. An empty segment gives zeros. Throws
/// ShapeError when the shapes do not fit. Gradient: with p the probabilities, c the result, g =
/// dL/dc: ds_t = p_t (g . z_t - g . c), dquery = sum_t ds_t z_t, dz_t = sum of ds_t query + p_t g.
Variable dispatcher_aggregate(const Variable& x,
                              const NormVariables& norm,
                              const Variable& query,
                              const Segments& segments);

}  // namespace elastic::ops

// Per-head products that absorb a projection into the few experts of a sequence.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// out[b, h, i] = x[b, i, head h] W_h, W_h [D/H, D] the head's rows of `weight` [D, D].
/// x [B, k, D] -> [B, H, k, D]. Gradient: dx = heads_contract(g), dW_h = x_h^T g_h.
Variable heads_expand(const Variable& x, const Variable& weight, std::int64_t num_heads);

/// The transpose: out[b, i, head h] = z[b, h, i] W_h^T. z [B, H, k, D] -> [B, k, D]. Gradient: dz =
/// heads_expand(g), dW_h = g_h^T z_h.
Variable heads_contract(const Variable& z, const Variable& weight);

}  // namespace elastic::ops

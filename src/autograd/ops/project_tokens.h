// Linformer's projection along the sequence.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// Projects a segment's tokens to k rows: out[b, i] = sum over the tokens t of segment b of
/// projection[i, c] x_t, column c belonging to the token c steps before the segment's last.
///
/// x [T, D] in `segments`, none longer than N; projection [k, N] -> [B, k, D]. An empty segment
/// gives zeros.
/// Gradient: dx_t = sum_i projection[i, c] g[b, i]; dprojection[i, c] = sum over b of g[b, i] .
/// x_t. Throws ShapeError when the shapes do not fit.
Variable project_tokens(const Variable& x, const Variable& projection, const Segments& segments);

}  // namespace elastic::ops

// The mean of each sequence's tokens.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// out[b] = mean of the rows of x in segment b; zeros where it is empty.
///
/// x [T, D] in `segments` -> [B, D]. Composed: attention whose query is zero weighs all tokens
/// alike, whatever the key, so x stands in for it. Gradient: dL/dx_t = g_b / n_b.
/// Throws ShapeError when x and the segments do not fit.
Variable segment_mean(const Variable& x, const Segments& segments);

}  // namespace elastic::ops

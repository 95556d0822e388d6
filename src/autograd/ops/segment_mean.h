// The mean of each sequence's tokens.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// out[b] = mean of the rows of x in segment b; zeros if it is empty.
///
/// x [T, D] in `segments` -> [B, D]. Composed: attention with a zero query weights all tokens
/// equally, so x also serves as the key. Gradient: dL/dx_t = g_b / n_b. Throws ShapeError when x
/// and the segments do not fit.
Variable segment_mean(const Variable& x, const Segments& segments);

}  // namespace elastic::ops

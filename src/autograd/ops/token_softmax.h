// Softmax over the tokens of a sequence.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// Softmax over each segment's tokens, column by column: y[t, j] = exp(x[t, j]) / sum over the
/// segment's tokens s of exp(x[s, j]).
///
/// x [T, C] in `segments` -> [T, C]. A segment may be empty.
/// Gradient: dx[t, j] = y[t, j] (g[t, j] - sum over s of g[s, j] y[s, j]).
/// Throws ShapeError when the segments do not fit.
Variable token_softmax(const Variable& x, const Segments& segments);

}  // namespace elastic::ops

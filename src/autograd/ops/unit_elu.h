// LinRec's feature map.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// Rows of elu(x), divided by their length: y = elu(x) / (|elu(x)| + 1e-12), with elu(x) = x for
/// x > 0, else e^x - 1, and the Euclidean norm over the last dimension (Liu et al., "LinRec",
/// SIGIR 2023).
///
/// x [..., N] -> [..., N].
/// Gradient: with e = elu(x), r = |e|, s = 1 / (r + 1e-12) and g = dL/dy,
/// dL/de = s g - s^2 (g . e) e / r, the second term zero where r = 0; dL/dx = dL/de elu'(x).
/// Throws ShapeError if `x` is a scalar.
Variable unit_elu(const Variable& x);

}  // namespace elastic::ops

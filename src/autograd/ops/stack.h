// Splits a tensor into parts along the first dimension, and joins parts.
#pragma once

#include <vector>

#include "autograd/variable.h"

namespace elastic::ops {

/// The N parts of x [N, ...], each [...], sharing its elements. Gradient: each part's is added at
/// its place. Throws ShapeError for a scalar.
std::vector<Variable> unstack(const Variable& x);

/// The inverse: N variables of one shape [...] -> [N, ...], copied. Throws ShapeError when shapes
/// differ or N is 0.
Variable stack(const std::vector<Variable>& parts);

}  // namespace elastic::ops

// Between one tensor and its parts along the first dimension.
#pragma once

#include <vector>

#include "autograd/variable.h"

namespace elastic::ops {

/// The N parts of x [N, ...], each [...], sharing its elements. Gradient: each part's adds into its
/// own place. Throws ShapeError for a scalar.
std::vector<Variable> unstack(const Variable& x);

/// The opposite: N variables of one shape [...] -> [N, ...], copied. Throws ShapeError when shapes
/// differ, or there is none.
Variable stack(const std::vector<Variable>& parts);

}  // namespace elastic::ops

// The transpose of a matrix.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// Transpose of a matrix [N, M] -> [M, N]. Throws ShapeError unless x is a matrix.
Variable transpose(const Variable& x);

}  // namespace elastic::ops

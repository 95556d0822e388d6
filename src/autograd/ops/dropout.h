// Dropout, element by element.
#pragma once

#include "autograd/variable.h"
#include "tensor/dropout.h"

namespace elastic::ops {

/// Sets elements of x to zero and scales the others by 1 / (1 - rate); returns x itself if the
/// dropout is not active. Gradient: the same with g; backward recomputes the mask.
Variable dropout(const Variable& x, const Dropout& dropout);

}  // namespace elastic::ops

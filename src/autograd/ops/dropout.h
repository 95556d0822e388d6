// Dropout, element by element.
#pragma once

#include "autograd/variable.h"
#include "tensor/dropout.h"

namespace elastic::ops {

/// x with elements dropped by a recomputed mask, the rest scaled by 1 / (1 - rate); x itself when
/// the dropout is not active.
Variable dropout(const Variable& x, const Dropout& dropout);

}  // namespace elastic::ops

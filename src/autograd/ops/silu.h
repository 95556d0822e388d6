// SiLU, element by element.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// x sigma(x). Gradient: g sigma (1 + x (1 - sigma)).
Variable silu(const Variable& x);

}  // namespace elastic::ops

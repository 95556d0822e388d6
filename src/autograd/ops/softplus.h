// Softplus, element by element.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// log(1 + e^x). Gradient: g sigma(x).
Variable softplus(const Variable& x);

}  // namespace elastic::ops

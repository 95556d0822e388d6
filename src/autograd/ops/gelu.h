// GELU, element by element.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// GELU in its tanh form: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
Variable gelu(const Variable& x);

}  // namespace elastic::ops

// The sum of all elements.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// Sum of all elements, shape []. Gradient: g everywhere.
Variable sum(const Variable& x);

}  // namespace elastic::ops

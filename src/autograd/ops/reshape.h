// The same elements under another shape.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// The same elements under another shape.
Variable reshape(const Variable& x, const Shape& shape);

}  // namespace elastic::ops

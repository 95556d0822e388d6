// Changes the shape of a tensor.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// The same elements, shared, under another shape. Throws ShapeError if their number differs.
Variable reshape(const Variable& x, const Shape& shape);

}  // namespace elastic::ops

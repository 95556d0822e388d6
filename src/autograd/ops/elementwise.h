// Sums, products and multiples, element by element.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// a + b, equal shapes; throws ShapeError otherwise. Gradient: g for both.
Variable add(const Variable& a, const Variable& b);

/// a * b element by element, equal shapes; throws ShapeError otherwise. Gradient: g b and g a.
Variable multiply(const Variable& a, const Variable& b);

/// x * factor. Gradient: g * factor.
Variable scale(const Variable& x, double factor);

}  // namespace elastic::ops

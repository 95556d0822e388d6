// Sums, products and multiples, element by element.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// a + b, equal shapes.
Variable add(const Variable& a, const Variable& b);

/// a * b element by element, equal shapes. Gradient: g b and g a.
Variable multiply(const Variable& a, const Variable& b);

/// x * factor.
Variable scale(const Variable& x, double factor);

}  // namespace elastic::ops

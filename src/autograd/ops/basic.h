// Element-wise ops, sums and views.
#pragma once

#include "autograd/variable.h"
#include "tensor/dropout.h"

namespace elastic::ops {

/// a + b, equal shapes.
Variable add(const Variable& a, const Variable& b);

/// a * b element by element, equal shapes. Gradient: g b and g a.
Variable multiply(const Variable& a, const Variable& b);

/// x * factor.
Variable scale(const Variable& x, double factor);

/// Sum of all elements, shape [].
Variable sum(const Variable& x);

/// The same elements under another shape.
Variable reshape(const Variable& x, const Shape& shape);

/// GELU, tanh form: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
Variable gelu(const Variable& x);

/// x with elements dropped by a recomputed mask, the rest scaled by 1 / (1 - rate); x itself when
/// the dropout is not active.
Variable dropout(const Variable& x, const Dropout& dropout);

}  // namespace elastic::ops

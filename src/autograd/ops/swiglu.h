// A product gated by SiLU.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// silu(a) b with silu(a) = a s, s = sigmoid(a), element by element. Equal shapes; throws
/// ShapeError otherwise. Gradients: g b s (1 + a (1 - s)) for a and g a s for b.
Variable swiglu(const Variable& a, const Variable& b);

}  // namespace elastic::ops

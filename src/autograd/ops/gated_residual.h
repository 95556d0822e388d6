// A residual connection with a gate for each element.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// x + s (y - x) with s = sigmoid(gate), element by element: with y = x + f(x), the gated sublayer
/// x + s f(x). Equal shapes; throws ShapeError otherwise. Gradients: (1 - s) g for x, s g for y and
/// s (1 - s) (y - x) g for the gate.
Variable gated_residual(const Variable& x, const Variable& y, const Variable& gate);

}  // namespace elastic::ops

// A check of the model's outputs before they are ranked, answered or written.
#pragma once

#include "tensor/tensor.h"

namespace elastic::eval {

/// Throws NotANumberError if an element of the float32 tensor `states`, on any device, is not
/// finite: no order among its scores would mean anything.
void require_finite_states(const Tensor& states);

}  // namespace elastic::eval

// The CPU device. Its kernels are in the other files of this folder.
#pragma once

#include "tensor/backend.h"

namespace elastic::cpu {

/// Every element = value; for use in kernels, without notifying the observer.
void fill_elements(Tensor& target, double value);
/// Copies the elements of a tensor of the same shape and type.
void copy_elements(const Tensor& source, Tensor& target);

}  // namespace elastic::cpu

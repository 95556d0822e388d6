// The CPU device. Its kernels are in the files beside this one.
#pragma once

#include "tensor/backend.h"

namespace elastic::cpu {

/// Every element = value; for kernels, unseen by the observer.
void fill_elements(Tensor& target, double value);
/// The elements of a tensor of the same shape and type.
void copy_elements(const Tensor& source, Tensor& target);

}  // namespace elastic::cpu

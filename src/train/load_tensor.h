// Weights and moments from a file into tensors that exist.
#pragma once

#include <string>

#include "tensor/safetensors.h"

namespace elastic::train {

/// Copies the file's tensor `name` into `target`, on whatever device. Throws CheckpointError naming
/// file and tensor when it is missing, or of another shape or type.
void load_tensor(const Safetensors& file, const std::string& name, Tensor& target);

}  // namespace elastic::train

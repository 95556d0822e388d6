// Loads weights and moments from a file into existing tensors.
#pragma once

#include <string>

#include "tensor/safetensors.h"

namespace elastic::train {

/// Copies the file's tensor `name` into `target`, on any device. Throws CheckpointError naming file
/// and tensor if it is missing or has another shape or type.
void load_tensor(const Safetensors& file, const std::string& name, Tensor& target);

}  // namespace elastic::train

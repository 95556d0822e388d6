// Loads weights and moments from a file into existing tensors.
#pragma once

#include <string>

#include "tensor/safetensors.h"

namespace elastic::train {

/// Throws CheckpointError naming file and tensor if the file lacks the tensor `name`, or has it
/// with another shape or type.
void check_tensor(const Safetensors& file,
                  const std::string& name,
                  const Shape& shape,
                  DType dtype);

/// The file's tensor `name`, sharing its memory. Throws CheckpointError naming file and tensor as
/// `check_tensor`, and for an element that is not finite.
Tensor checked_tensor(const Safetensors& file,
                      const std::string& name,
                      const Shape& shape,
                      DType dtype);

/// Copies the file's tensor `name` into `target`, on any device, unless the file was read into it.
/// Throws as `checked_tensor`.
void load_tensor(const Safetensors& file, const std::string& name, Tensor& target);

}  // namespace elastic::train

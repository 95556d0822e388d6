// The CUDA device's entry point.
#pragma once

#include "tensor/backend.h"

namespace elastic::cuda {

/// The backend of the current CUDA device. Throws DeviceError when there is none.
Backend& cuda_backend();

}  // namespace elastic::cuda

// Stands in for the CUDA backend in a build without it.
#include "base/error.h"
#include "cuda/cuda_backend.h"

namespace elastic::cuda {

Backend& cuda_backend() {
  throw DeviceError(
      "device 'cuda' is not in this build: install the CUDA Toolkit (12.1 or later) and configure "
      "with -DELASTIC_CUDA=ON, or compute on --device cpu");
}

}  // namespace elastic::cuda

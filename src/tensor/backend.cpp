#include "tensor/backend.h"

#include "cuda/cuda_backend.h"
#include "tensor/cpu/cpu_backend.h"

namespace elastic {

Backend& backend_for(Device device) {
  return device == Device::kCpu ? cpu::cpu_backend() : cuda::cuda_backend();
}

}  // namespace elastic

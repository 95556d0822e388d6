#include "tensor/backend.h"

#include <array>

#include "base/error.h"
#include "cuda/cuda_backend.h"
#include "tensor/cpu/cpu_backend.h"

namespace elastic {
namespace {

// The backend table; an entry is made at first use.
std::array<Backend*, 2> backends{};

}  // namespace

Precision parse_precision(const std::string& name) {
  if (name == "fp32") {
    return Precision::kFp32;
  }
  if (name == "tf32") {
    return Precision::kTf32;
  }
  if (name == "bf16") {
    return Precision::kBf16;
  }
  throw UsageError("--precision: expected fp32, tf32 or bf16, got '", name, "'");
}

Backend& backend_for(Device device) {
  Backend*& backend = backends[static_cast<std::size_t>(device)];
  if (backend == nullptr) {
    backend = device == Device::kCpu ? &cpu::cpu_backend() : &cuda::cuda_backend();
  }
  return *backend;
}

void replace_backend(Device device, Backend* replacement) {
  backends[static_cast<std::size_t>(device)] = replacement;
}

}  // namespace elastic

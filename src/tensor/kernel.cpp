#include "tensor/kernel.h"

#include "base/error.h"

namespace elastic {
namespace {

std::array<KernelObserver*, kNumDevices> observers{};

}  // namespace

std::vector<KernelEntry>& kernel_entries() {
  static std::vector<KernelEntry> entries;
  return entries;
}

KernelObserver* kernel_observer(Device device) {
  return observers[static_cast<std::size_t>(device)];
}

void set_kernel_observer(Device device, KernelObserver* observer) {
  observers[static_cast<std::size_t>(device)] = observer;
}

void refuse_kernel(const char* kernel, const Tensor* tensor) {
  ELASTIC_CHECK(tensor != nullptr, kernel, " was given no tensor");
  throw DeviceError(
      kernel, ": device '", name_of(tensor->device()), "' has no kernel of ", tensor->dtype());
}

}  // namespace elastic

#include "tensor/backend.h"

#include <array>

#include "base/error.h"
#include "tensor/cpu_level.h"
#include "tensor/kernel.h"

namespace elastic {
namespace {

struct Place {
  Backend& (*open)() = nullptr;
  Backend* backend = nullptr;
};
constinit std::array<Place, kNumDevices> places{};

// Runs `work` and notifies the device's observer.
template <class Work>
void observe(
    Device device, const char* name, const Tensor& tensor, double times, const Work& work) {
  KernelObserver* observer = kernel_observer(device);
  if (observer != nullptr) {
    observer->begin(name);
  }
  work();
  if (observer != nullptr) {
    observer->end(name, [&] {
      return KernelFacts{0.0, times * bytes_of(tensor), {{"tensor", tensor.shape()}}};
    });
  }
}

}  // namespace

std::unique_ptr<RecordedWork> Backend::record(const std::function<void()>& work) {
  return kernel_observer(device_) != nullptr ? nullptr : do_record(work);
}

void Backend::copy_from_host(const void* source, Tensor& target) {
  observe(device_, "copy_from_host", target, 1.0, [&] { do_copy_from_host(source, target); });
}

void Backend::copy_to_host(const Tensor& source, void* target) {
  observe(device_, "copy_to_host", source, 1.0, [&] { do_copy_to_host(source, target); });
}

void Backend::copy(const Tensor& source, Tensor& target) {
  observe(device_, "copy", source, 2.0, [&] { do_copy(source, target); });
}

void Backend::fill(Tensor& target, double value) {
  observe(device_, "fill", target, 1.0, [&] { do_fill(target, value); });
}

BackendEntry::BackendEntry(Device device, Backend& (*open)()) {
  places[static_cast<std::size_t>(device)].open = open;
}

Backend& backend_for(Device device) {
  Place& place = places[static_cast<std::size_t>(device)];
  if (place.backend == nullptr) {
    if (device == Device::kCpu) {
      enter_cpu_kernels();
    }
    if (place.open == nullptr) {
      throw DeviceError("device '",
                        name_of(device),
                        "' is not in this build: install the CUDA Toolkit (12.1 or later) and "
                        "configure with -DELASTIC_CUDA=ON, or compute on --device cpu");
    }
    place.backend = &place.open();
  }
  return *place.backend;
}

void copy(const Tensor& source, Tensor& target) {
  backend_for(target.device()).copy(source, target);
}

void fill(Tensor& target, double value) {
  backend_for(target.device()).fill(target, value);
}

}  // namespace elastic

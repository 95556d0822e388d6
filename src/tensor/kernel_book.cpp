#include "tensor/kernel_book.h"

#include <iterator>
#include <numeric>

#include "base/error.h"
#include "tensor/backend.h"

namespace elastic {
namespace {

double seconds_between(std::chrono::steady_clock::time_point begin,
                       std::chrono::steady_clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

double allocated_bytes(Device device) {
  const MemoryReport report = backend_for(device).allocator().report();
  return static_cast<double>(
      std::accumulate(std::begin(report.current), std::end(report.current), std::size_t{0}));
}

}  // namespace

KernelBook::KernelBook(Device device, bool with_calls)
    : device_(device), with_calls_(with_calls), opened_(Clock::now()) {
  ELASTIC_CHECK(kernel_observer(device) == nullptr, "a second kernel book on one device");
  set_kernel_observer(device_, this);
}

KernelBook::~KernelBook() {
  set_kernel_observer(device_, nullptr);
}

KernelUse KernelBook::total() const {
  KernelUse sum;
  for (const auto& [kernel, use] : uses_) {
    sum.calls += use.calls;
    sum.seconds += use.seconds;
    sum.flops += use.flops;
    sum.bytes += use.bytes;
  }
  return sum;
}

void KernelBook::begin(const char* /*kernel*/) {
  backend_for(device_).synchronize();
  memory_before_ = with_calls_ ? allocated_bytes(device_) : 0.0;
  begin_ = Clock::now();
}

void KernelBook::end(const char* kernel, double flops, double bytes) {
  backend_for(device_).synchronize();
  const double seconds = seconds_between(begin_, Clock::now());
  KernelUse& use = uses_[kernel];
  ++use.calls;
  use.seconds += seconds;
  use.flops += flops;
  use.bytes += bytes;
  if (with_calls_) {
    calls_.push_back({kernel,
                      seconds_between(opened_, begin_),
                      seconds,
                      flops,
                      bytes,
                      memory_before_,
                      allocated_bytes(device_)});
  }
}

}  // namespace elastic

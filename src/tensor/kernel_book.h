// A record of the kernels that run on a device: time, operations and bytes, by kernel.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tensor/kernel.h"

namespace elastic {

/// All calls of one kernel. Flops and bytes are counted as tensor/kernel.h defines them.
struct KernelUse {
  std::int64_t calls = 0;
  double seconds = 0.0;
  double flops = 0.0;
  double bytes = 0.0;
};

/// One call, for a trace; seconds count from the book's construction.
struct KernelCall {
  const char* kernel;
  double begin;
  double seconds;
  double flops = 0.0;
  double bytes = 0.0;          ///< of its operands
  double memory_before = 0.0;  ///< bytes allocated on the device when the call began
  double memory_after = 0.0;   ///< and when it ended
};

/// During its lifetime, times every kernel, copy and fill of the process on the device, and
/// synchronises the device before and after each. At most one per device at a time; not for use
/// while other threads compute.
class KernelBook final : public KernelObserver {
 public:
  explicit KernelBook(Device device, bool with_calls = false);
  ~KernelBook() override;
  KernelBook(const KernelBook&) = delete;
  KernelBook& operator=(const KernelBook&) = delete;

  [[nodiscard]] const std::map<std::string, KernelUse>& uses() const { return uses_; }
  [[nodiscard]] const std::vector<KernelCall>& calls() const { return calls_; }
  /// The time of construction.
  [[nodiscard]] std::chrono::steady_clock::time_point opened() const { return opened_; }
  /// Sum over all kernels.
  [[nodiscard]] KernelUse total() const;

  void begin(const char* kernel) override;
  void end(const char* kernel, double flops, double bytes) override;

 private:
  using Clock = std::chrono::steady_clock;

  Device device_;
  bool with_calls_;
  Clock::time_point opened_;
  Clock::time_point begin_;
  double memory_before_ = 0.0;
  std::map<std::string, KernelUse> uses_;
  std::vector<KernelCall> calls_;
};

}  // namespace elastic

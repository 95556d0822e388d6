// A record of the kernels that run on a device: time, operations and bytes, by kernel, and for a
// trace each call within its scopes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/scope.h"
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
  std::vector<OperandShape> shapes{};
};

/// A scope with a kernel call, for a trace; seconds as in KernelCall.
struct ScopeSpan {
  ScopeKind kind;
  std::string name;
  double begin;
  double seconds = 0.0;
};

/// During its lifetime, times every kernel, copy and fill of the process on the device, and
/// synchronises the device before and after each. With calls, it records each of them and the
/// scopes around them. At most one per device at a time, with calls one in all; not for use while
/// other threads compute.
class KernelBook final : public KernelObserver, private ScopeObserver {
 public:
  explicit KernelBook(Device device, bool with_calls = false);
  ~KernelBook() override;
  KernelBook(const KernelBook&) = delete;
  KernelBook& operator=(const KernelBook&) = delete;

  [[nodiscard]] const std::map<std::string, KernelUse>& uses() const { return uses_; }
  [[nodiscard]] const std::vector<KernelCall>& calls() const { return calls_; }
  /// In the order of their beginnings. A layer that is opened again with no kernel in between, as
  /// backward does for each op, continues its span.
  [[nodiscard]] const std::vector<ScopeSpan>& spans() const { return spans_; }
  /// Sum over all kernels.
  [[nodiscard]] KernelUse total() const;

  void begin(const char* kernel) override;
  void end(const char* kernel, const std::function<KernelFacts()>& facts) override;

 private:
  using Clock = std::chrono::steady_clock;
  // A span that is open, or the latest that has ended within it.
  struct Place {
    std::size_t span;
    std::size_t calls;  ///< before an open span, or up to the end of an ended one
  };

  void open(ScopeKind kind, const std::string& name) override;
  void close() override;

  Device device_;
  bool with_calls_;
  Clock::time_point opened_;
  Clock::time_point begin_;
  double memory_before_ = 0.0;
  std::map<std::string, KernelUse> uses_;
  std::vector<KernelCall> calls_;
  std::vector<ScopeSpan> spans_;
  std::vector<Place> open_;
  std::vector<std::optional<Place>> ended_;  ///< the latest within each open span, and outside all
};

}  // namespace elastic

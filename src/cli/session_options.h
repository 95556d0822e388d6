// Options of every subcommand that no result depends on.
#pragma once

#include <cstdint>

#include "base/choice.h"
#include "cli/option_table.h"
#include "tensor/dtype.h"

namespace elastic {

constexpr auto choices_of(Device) {
  return std::to_array<Choice<Device>>({{Device::kCpu, "cpu"}, {Device::kCuda, "cuda"}});
}

}  // namespace elastic

namespace elastic::cli {

enum class PrecisionChoice { kAuto, kFp32, kTf32, kBf16 };
constexpr auto choices_of(PrecisionChoice) {
  using enum PrecisionChoice;
  return std::to_array<Choice<PrecisionChoice>>({{kAuto, "auto", "cuda: tf32, cpu: fp32"},
                                                 {kFp32, "fp32"},
                                                 {kTf32, "tf32"},
                                                 {kBf16, "bf16"}});
}

struct SessionOptions {
  Device device = Device::kCpu;
  PrecisionChoice precision = PrecisionChoice::kAuto;
  std::int64_t threads = 0;
  bool quiet = false;
};

/// Declares them under "Running"; `threads` may be declared elsewhere, as training does.
void declare_session(OptionTable& table, SessionOptions& options, bool with_threads = true);
/// The device, checked, with the kernels' threads set. Throws UsageError or DeviceError.
Device start_session(const SessionOptions& options);

}  // namespace elastic::cli

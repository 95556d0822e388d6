// Options of every subcommand that do not change its result: device, precision, threads, quiet.
#pragma once

#include <cstdint>

#include "base/choice.h"
#include "cli/options/option_table.h"
#include "tensor/dtype.h"

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

/// Declares them under "Running", --threads only if `with_threads`: `train` declares its own.
void declare_session(OptionTable& table, SessionOptions& options, bool with_threads = true);
/// Sets the precision and the number of threads of the kernels, and returns the device. Throws
/// UsageError for an invalid value, DeviceError if the device is not available.
Device start_session(const SessionOptions& options);

}  // namespace elastic::cli

// Options of every subcommand that do not change its result: device, precision, threads, quiet.
#pragma once

#include <cstdint>
#include <string>

#include "cli/options/option_table.h"
#include "tensor/dtype.h"

namespace elastic::cli {

struct SessionOptions {
  std::string device = "cpu";
  std::string precision = "auto";
  std::int64_t threads = 0;
  bool quiet = false;
};

/// Declares them under "Running", --threads only if `with_threads`: `train` declares its own.
void declare_session(OptionTable& table, SessionOptions& options, bool with_threads = true);
/// Sets the precision and the number of threads of the kernels, and returns the device. Throws
/// UsageError for an invalid value, DeviceError if the device is not there.
Device start_session(const SessionOptions& options);

}  // namespace elastic::cli

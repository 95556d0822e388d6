// Options of every subcommand that no result depends on.
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

/// Declares them under "Running"; `threads` may be declared elsewhere, as training does.
void declare_session(OptionTable& table, SessionOptions& options, bool with_threads = true);
/// The device, checked, with the kernels' threads set. Throws UsageError or DeviceError.
Device start_session(const SessionOptions& options);

}  // namespace elastic::cli

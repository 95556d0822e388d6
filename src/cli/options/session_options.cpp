#include "cli/options/session_options.h"

#include <optional>

#include "base/error.h"
#include "tensor/backend.h"
#include "tensor/threads.h"

namespace elastic::cli {
namespace {

// No value for auto: the backend's own precision.
std::optional<Precision> precision_of(PrecisionChoice choice) {
  switch (choice) {
    case PrecisionChoice::kFp32:
      return Precision::kFp32;
    case PrecisionChoice::kTf32:
      return Precision::kTf32;
    case PrecisionChoice::kBf16:
      return Precision::kBf16;
    case PrecisionChoice::kAuto:
      break;
  }
  return std::nullopt;
}

}  // namespace

void declare_session(OptionTable& table, SessionOptions& options, bool with_threads) {
  table.begin_group("Running");
  table.add("device", &options.device, "").session();
  table.add("precision", &options.precision, "precision of matrix products").session();
  if (with_threads) {
    table.add("threads", &options.threads, "CPU threads; 0: all cores")
        .within(kThreadCounts)
        .session();
  }
  table.add("quiet", &options.quiet, "no progress and no notes").session().letter('q');
}

Device start_session(const SessionOptions& options) {
  Backend& backend = backend_for(options.device);  // fails before minutes of reading data
  if (const auto precision = precision_of(options.precision)) {
    backend.set_precision(*precision);
  }
  set_num_threads(static_cast<int>(options.threads));
  return options.device;
}

}  // namespace elastic::cli

#include "cli/options/session_options.h"

#include "base/error.h"
#include "tensor/backend.h"
#include "tensor/threads.h"

namespace elastic::cli {

void declare_session(OptionTable& table, SessionOptions& options, bool with_threads) {
  table.begin_group("Running");
  table.add("device", &options.device, "cpu or cuda").session();
  table
      .add("precision",
           &options.precision,
           "precision of matrix products: fp32, tf32, bf16, or auto (cuda: tf32, cpu: fp32)")
      .session();
  if (with_threads) {
    table.add("threads", &options.threads, "CPU threads; 0: all cores").session();
  }
  table.add("quiet", &options.quiet, "no progress and no notes").session().letter('q');
}

Device start_session(const SessionOptions& options) {
  if (options.threads < 0 || options.threads > 4096) {
    throw UsageError("--threads: expected 0 (all cores) to 4096, got ", options.threads);
  }
  const Device device = parse_device(options.device);
  Backend& backend = backend_for(device);  // fails before minutes of reading data
  if (options.precision != "auto") {
    backend.set_precision(parse_precision(options.precision));
  }
  set_num_threads(static_cast<int>(options.threads));
  return device;
}

}  // namespace elastic::cli

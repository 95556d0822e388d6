// Measures time, memory and operations of a workload.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profile/machine.h"
#include "profile/part_clock.h"
#include "profile/workload.h"
#include "tensor/kernel_book.h"

namespace elastic::profile {

enum class RowStatus { kOk, kOutOfMemory, kFailed };
const char* name_of(RowStatus status);

/// Times of the timed repetitions.
struct Timing {
  double ms_median = 0.0;
  double ms_min = 0.0;  ///< the least disturbed run; growth is fitted to it
  double ms_p95 = 0.0;
  double tokens_per_s = 0.0;     ///< at the median
  double sequences_per_s = 0.0;  ///< at the median
};

/// Of at least one repetition.
Timing timing_of(const std::vector<double>& seconds, std::int64_t tokens, std::int64_t batch);

/// Bytes allocated on the device when their total was largest, and their kinds at that moment.
struct PeakBytes {
  double total = 0.0;
  double activation = 0.0;
  double workspace = 0.0;
  double gradient = 0.0;
  double parameter = 0.0;
  double optimizer = 0.0;
};

/// Operations of one repetition, and how well the machine's rates are used at the median time.
struct Work {
  double flops = 0.0;            ///< 2 per useful multiply-add
  double bytes = 0.0;            ///< of all kernel operands
  double gemm_share = 0.0;       ///< of MachineRates::sgemm_gflops
  double bandwidth_share = 0.0;  ///< of MachineRates::triad_gbps
};

/// The measurements of one workload. Unless `status` is kOk, only `note`, `tokens` and
/// `peak_bytes.total` (an estimate) may be set.
struct Row {
  Workload workload;
  /// Measured by another program: of the workload, the model's name, phase, length, batch and
  /// supervision are set, of the bytes the total and the activations, where they are known.
  bool imported = false;
  RowStatus status = RowStatus::kOk;
  std::string note;         ///< the reason if it is not ok
  std::int64_t tokens = 0;  ///< of a batch
  Timing timing;
  PeakBytes peak_bytes;
  std::vector<double> seconds;  ///< of each timed repetition
  /// Phase train: the seconds of each part of a step (kParts) in several repetitions.
  std::map<std::string, std::vector<double>> parts;
  double rss_bytes = 0.0;  ///< largest resident set of the process during the measurement
  Work work;
  /// Kernels of one untimed repetition after the timed ones.
  std::map<std::string, KernelUse> kernels;
  std::vector<KernelCall> calls;  ///< of the same repetition; empty unless asked for
  std::vector<ScopeSpan> spans;   ///< around these calls

  /// The median of a part in milliseconds; none where there are no parts.
  [[nodiscard]] std::optional<double> part_ms(const std::string& part) const;
  /// The repetitions in milliseconds, or the median alone if they are not known.
  [[nodiscard]] std::vector<double> times_ms() const;
};

/// A row that is not measured yet; oom if its estimate does not fit in memory.
Row start_row(const Workload& workload);

/// Applies the setting, makes the model and its inputs, warms up and adds `repetitions` timed ones
/// to the row; the first visit also counts kernels. Does nothing for a row that is not ok. The row
/// is oom or failed if this runs out of memory or fails with another Error; throws UsageError only.
void visit_row(Row& row, int repetitions, bool with_calls);

/// Sets the shares of the machine's rates.
void set_shares(Row& row, const MachineRates& machine);

/// Runs the workload in one visit. If its estimate does not fit in memory, or it runs out of
/// memory, or it fails with another Error, the row's status and note say so; throws UsageError
/// only. `with_calls` keeps every kernel call, for a trace.
Row measure(const Workload& workload, const MachineRates& machine, bool with_calls = false);

}  // namespace elastic::profile

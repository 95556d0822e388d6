#include "profile/profiler.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>

#include "base/error.h"
#include "profile/repetition.h"
#include "profile/spread.h"

namespace elastic::profile {
namespace {

// Resets the peak of the resident set that the system keeps. If that is not permitted, the peak is
// that since the process began.
void reset_peak_resident() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

double peak_resident_bytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) {
      return std::stod(line.substr(6)) * 1024.0;
    }
  }
  return 0.0;
}

// Seconds of each of the workload's timed repetitions.
std::vector<double> time_repetitions(Repetition& repetition, const Workload& workload) {
  Backend& backend = backend_for(workload.device);
  std::vector<double> seconds;
  for (int i = 0; i < workload.repetitions; ++i) {
    backend.synchronize();
    const auto begin = std::chrono::steady_clock::now();
    repetition.run();
    backend.synchronize();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    seconds.push_back(elapsed.count());
  }
  return seconds;
}

PeakBytes peak_of(const MemoryReport& report) {
  const auto at_peak = [&](Memory kind) {
    return static_cast<double>(report.at_peak[static_cast<std::size_t>(kind)]);
  };
  PeakBytes peak;
  peak.total = static_cast<double>(report.total_peak);
  peak.activation = at_peak(Memory::kActivation);
  peak.workspace = at_peak(Memory::kWorkspace);
  peak.gradient = at_peak(Memory::kGradient);
  peak.parameter = at_peak(Memory::kParameter);
  peak.optimizer = at_peak(Memory::kOptimizer);
  return peak;
}

Work work_of(const KernelUse& total, double median_s, const MachineRates& machine) {
  Work work;
  work.flops = total.flops;
  work.gemm_share = total.flops / median_s / (machine.sgemm_gflops * 1e9);
  work.bandwidth_share = total.bytes / median_s / (machine.triad_gbps * 1e9);
  return work;
}

void measure_into(Row& row, const MachineRates& machine, bool with_calls) {
  const Workload& workload = row.workload;
  CachingAllocator& allocator = backend_for(workload.device).allocator();
  allocator.release_cache();
  reset_peak_resident();
  Repetition repetition(workload);
  row.tokens = repetition.num_tokens();
  for (int i = 0; i < workload.warmup; ++i) {
    repetition.run();
  }
  allocator.reset_peak();
  row.seconds = time_repetitions(repetition, workload);
  row.peak_bytes = peak_of(allocator.report());
  row.rss_bytes = peak_resident_bytes();
  row.timing = timing_of(row.seconds, row.tokens, workload.batch);

  const KernelBook book(workload.device, with_calls);
  repetition.run();
  row.kernels = book.uses();
  row.calls = book.calls();
  row.work = work_of(book.total(), quantile(row.seconds, 0.5), machine);
}

}  // namespace

const char* name_of(RowStatus status) {
  switch (status) {
    case RowStatus::kOk:
      return "ok";
    case RowStatus::kOutOfMemory:
      return "oom";
    case RowStatus::kFailed:
      return "failed";
  }
  return "unknown";
}

Timing timing_of(const std::vector<double>& seconds, std::int64_t tokens, std::int64_t batch) {
  const double median = quantile(seconds, 0.5);
  Timing timing;
  timing.ms_median = 1e3 * median;
  timing.ms_min = 1e3 * quantile(seconds, 0.0);
  timing.ms_p95 = 1e3 * quantile(seconds, 0.95);
  timing.tokens_per_s = static_cast<double>(tokens) / median;
  timing.sequences_per_s = static_cast<double>(batch) / median;
  return timing;
}

std::vector<double> Row::times_ms() const {
  if (seconds.empty()) {
    return {timing.ms_median};
  }
  std::vector<double> times;
  for (const double one : seconds) {
    times.push_back(1e3 * one);
  }
  return times;
}

Row measure(const Workload& workload, const MachineRates& machine, bool with_calls) {
  constexpr double kMebibyte = 1048576.0;
  Row row;
  row.workload = workload;
  const double allowed = static_cast<double>(workload.max_memory_bytes > 0
                                                 ? workload.max_memory_bytes
                                                 : backend_for(workload.device).free_bytes());
  row.peak_bytes.total = estimate_bytes(workload);
  if (row.peak_bytes.total > allowed) {
    row.status = RowStatus::kOutOfMemory;
    row.tokens = workload.batch * workload.model.max_len;
    row.note = concat("estimated ",
                      std::llround(row.peak_bytes.total / kMebibyte),
                      " MiB, allowed ",
                      std::llround(allowed / kMebibyte));
    return row;
  }
  try {
    measure_into(row, machine, with_calls);
  } catch (const OutOfMemoryError& error) {
    row.status = RowStatus::kOutOfMemory;
    row.note = error.what();
  } catch (const UsageError&) {
    throw;  // wrong options, not a failed measurement
  } catch (const Error& error) {
    row.status = RowStatus::kFailed;
    row.note = error.what();
  }
  return row;
}

}  // namespace elastic::profile

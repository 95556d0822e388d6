#include "profile/profiler.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>

#include "base/error.h"
#include "base/scope.h"
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

void add_parts(Row& row, const PartClock& clock) {
  for (const Part& part : clock.parts()) {
    row.parts[part.name].push_back(part.seconds);
  }
}

// Adds `count` timed repetitions to the row. Their parts are timed too where that costs nothing; a
// GPU, which has to wait between parts, runs one more repetition for them.
void time_repetitions(Row& row, Repetition& repetition, int count) {
  const Device device = row.workload.device;
  const bool parts_are_free = device == Device::kCpu;
  Backend& backend = backend_for(device);
  for (int i = 0; i < count; ++i) {
    backend.synchronize();
    PartClock clock(device);
    const auto begin = std::chrono::steady_clock::now();
    repetition.run(parts_are_free ? &clock : nullptr);
    backend.synchronize();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    row.seconds.push_back(elapsed.count());
    add_parts(row, clock);
  }
  if (!parts_are_free && row.workload.phase == Phase::kTrain) {
    PartClock clock(device);
    repetition.run(&clock);
    add_parts(row, clock);
  }
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

void count_kernels(Row& row, Repetition& repetition, bool with_calls) {
  const KernelBook book(row.workload.device, with_calls);
  {
    const Phase phase = row.workload.phase;
    const Scope step(ScopeKind::kStep, phase == Phase::kTrain ? "step" : choice_name(phase));
    repetition.run();
  }
  row.kernels = book.uses();
  row.calls = book.calls();
  row.spans = book.spans();
  row.work.flops = book.total().flops;
  row.work.bytes = book.total().bytes;
}

void visit(Row& row, int repetitions, bool with_calls) {
  const Workload& workload = row.workload;
  apply(workload.setting, workload.device);
  CachingAllocator& allocator = backend_for(workload.device).allocator();
  allocator.release_cache();
  reset_peak_resident();
  Repetition repetition(workload);
  row.tokens = repetition.num_tokens();
  for (int i = 0; i < workload.warmup; ++i) {
    repetition.run();
  }
  allocator.reset_peak();
  const bool first = row.seconds.empty();
  time_repetitions(row, repetition, repetitions);
  row.timing = timing_of(row.seconds, row.tokens, workload.batch);
  const PeakBytes peak = peak_of(allocator.report());
  if (first || peak.total > row.peak_bytes.total) {
    row.peak_bytes = peak;  // of a row without a visit: the estimate
  }
  row.rss_bytes = std::max(row.rss_bytes, peak_resident_bytes());
  if (first) {
    count_kernels(row, repetition, with_calls);
  }
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

std::optional<double> Row::part_ms(const std::string& part) const {
  const auto found = parts.find(part);
  return found == parts.end() ? std::nullopt : std::optional(1e3 * quantile(found->second, 0.5));
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

Row start_row(const Workload& workload) {
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
  }
  return row;
}

void visit_row(Row& row, int repetitions, bool with_calls) {
  if (row.status != RowStatus::kOk) {
    return;
  }
  try {
    visit(row, repetitions, with_calls);
  } catch (const OutOfMemoryError& error) {
    row.status = RowStatus::kOutOfMemory;
    row.note = error.what();
  } catch (const UsageError&) {
    throw;  // wrong options, not a failed measurement
  } catch (const Error& error) {
    row.status = RowStatus::kFailed;
    row.note = error.what();
  }
}

void set_shares(Row& row, const MachineRates& machine) {
  if (row.status != RowStatus::kOk || row.imported) {
    return;
  }
  const double seconds = 1e-3 * row.timing.ms_median;
  row.work.gemm_share = row.work.flops / seconds / (machine.sgemm_gflops * 1e9);
  row.work.bandwidth_share = row.work.bytes / seconds / (machine.triad_gbps * 1e9);
}

Row measure(const Workload& workload, const MachineRates& machine, bool with_calls) {
  Row row = start_row(workload);
  visit_row(row, workload.repetitions, with_calls);
  set_shares(row, machine);
  return row;
}

}  // namespace elastic::profile

// Time, memory and operations of one model in one phase at one length.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/choice.h"
#include "model/model.h"
#include "profile/machine.h"
#include "tensor/kernel_book.h"
#include "train/train_choices.h"

namespace elastic::profile {

enum class Phase {
  kEncode,  ///< states of all tokens
  kServe,   ///< one user representation per sequence
  kTrain,   ///< forward, backward, optimiser step
  kRank,    ///< scoring and ranking the catalogue for one state per sequence
};
constexpr auto choices_of(Phase) {
  using enum Phase;
  return std::to_array<Choice<Phase>>({{kEncode, "encode", "all states"},
                                       {kServe, "serve", "one state a sequence"},
                                       {kTrain, "train", "a step"},
                                       {kRank, "rank", "the catalogue, for one state a sequence"}});
}

/// What to measure.
struct Workload {
  ModelConfig model;  ///< max_len is the length; num_items the catalogue
  Phase phase = Phase::kEncode;
  std::int64_t batch = 16;
  Device device = Device::kCpu;
  train::SupervisionChoice supervision = train::SupervisionChoice::kLast;  ///< of train
  bool shortcut =
      true;  ///< serve, and train at the last position: compute only the last token at the end
  int warmup = 1;
  int repetitions = 5;
  std::size_t max_memory_bytes = 0;  ///< 0: what is free
  std::uint64_t seed = 1;
  /// Real histories to draw from, cut to the length; empty: synthetic ones of exactly the length.
  std::vector<std::span<const std::int32_t>> histories;
};

enum class RowStatus { kOk, kOutOfMemory, kFailed };
const char* name_of(RowStatus status);

struct Row {
  Workload workload;
  RowStatus status = RowStatus::kOk;
  std::string note;  ///< why it is not ok
  std::int64_t tokens = 0;
  double ms_median = 0.0;
  double ms_min = 0.0;  ///< the least disturbed run: growth is fitted to it
  double ms_p95 = 0.0;
  double tokens_per_s = 0.0;
  double sequences_per_s = 0.0;
  double peak_bytes = 0.0;  ///< of all kinds together; these at that moment:
  double activation_bytes = 0.0;
  double workspace_bytes = 0.0;
  double gradient_bytes = 0.0;
  double parameter_bytes = 0.0;
  double optimizer_bytes = 0.0;
  double rss_bytes = 0.0;  ///< largest resident set of the process meanwhile
  double flops = 0.0;      ///< 2 per useful multiply-add
  double gemm_share = 0.0;
  double bandwidth_share = 0.0;
  std::map<std::string, KernelUse> kernels;  ///< of one repetition, not a timed one
  std::vector<KernelCall> calls;             ///< likewise, when asked for
};

/// Bytes that the workload will need at its peak, from shapes alone: what `oom` is decided by.
double estimate_bytes(const Workload& workload);

/// Runs it. A workload that is estimated not to fit, or that runs out of memory, gives a row that
/// says so. `with_calls` keeps every kernel call, for a trace.
Row measure(const Workload& workload, const MachineRates& machine, bool with_calls = false);

}  // namespace elastic::profile

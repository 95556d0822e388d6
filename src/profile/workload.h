// The unit of a measurement: one model in one phase at one history length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/choice.h"
#include "model/model.h"
#include "profile/setting.h"
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
  return std::to_array<Choice<Phase>>(
      {{kEncode, "encode", "all states"},
       {kServe, "serve", "one state per sequence"},
       {kTrain, "train", "a step"},
       {kRank, "rank", "the catalogue, for one state per sequence"}});
}

struct Workload {
  ModelConfig model;  ///< max_len is the length of the histories, num_items the catalogue's size
  Phase phase = Phase::kEncode;
  std::int64_t batch = 16;  ///< sequences
  Device device = Device::kCpu;
  Setting setting;
  /// The options that vary between the workloads of a profile, with their values as texts.
  std::vector<std::pair<std::string, std::string>> swept;
  train::SupervisionChoice supervision = train::SupervisionChoice::kLast;  ///< of phase train
  /// In the last layer compute only each sequence's last token; applies to serve, and to train with
  /// supervision last.
  bool shortcut = true;
  int warmup = 1;                    ///< untimed repetitions before the timed ones
  int repetitions = 5;               ///< timed
  std::size_t max_memory_bytes = 0;  ///< 0: the free memory
  std::uint64_t seed = 1;
  /// Real histories of item ids to draw from, cut to their latest max_len events. If empty,
  /// synthetic histories of exactly max_len events are used.
  std::vector<std::span<const std::int32_t>> histories;
};

/// Bytes that the workload needs at its peak, estimated from shapes alone. Workloads whose estimate
/// exceeds the allowed memory are reported as `oom` without being run.
double estimate_bytes(const Workload& workload);

}  // namespace elastic::profile

// The time that a training run still needs, for its progress line.
#pragma once

#include <cstdint>

#include "train/train_config.h"

namespace elastic::train {

/// The position of a run and its speed.
struct RunPace {
  std::int64_t epoch = 0;       ///< finished epochs
  std::int64_t next_batch = 0;  ///< finished steps of the current epoch
  std::int64_t num_batches = 0;
  std::int64_t num_tokens = 0;  ///< input tokens of all steps
  double elapsed_s = 0.0;       ///< of the whole run
  double epoch_seconds = 0.0;   ///< of the finished steps of the current epoch
  double evaluation_s = 0.0;    ///< of the latest evaluation
  double tokens_per_s = 0.0;    ///< of the latest steps; 0: unknown
};

/// Estimated seconds until the last step of the current epoch.
double epoch_remaining_s(const RunPace& pace);
/// Estimated seconds until the run ends: all epochs and their evaluations, at most the rest of
/// max_time_s and max_tokens. Early stopping may end it before.
double run_remaining_s(const TrainConfig& config, const RunPace& pace);

}  // namespace elastic::train

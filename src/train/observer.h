// Callbacks that report the progress of training; the library itself never prints.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval/expert_use.h"
#include "eval/metrics.h"
#include "eval/ranking.h"
#include "tensor/memory.h"

namespace elastic::train {

/// The progress of training; loss and rates cover the steps since the last report, without
/// evaluations and saves.
struct Progress {
  std::int64_t epoch = 0;  ///< from 1
  std::int64_t num_epochs = 0;
  std::int64_t step = 0;  ///< steps done in this epoch
  std::int64_t steps_per_epoch = 0;
  double loss = 0.0;  ///< mean over the targets
  double learning_rate = 0.0;
  double examples_per_s = 0.0;
  double tokens_per_s = 0.0;
  double epoch_eta_s = 0.0;  ///< estimated seconds until the epoch's last step
  double run_eta_s = 0.0;    ///< until the end of the run, as run_remaining_s
  MemoryReport memory;
};

/// A finished epoch.
struct EpochReport {
  std::int64_t epoch = 0;  ///< from 1
  std::int64_t num_steps = 0;
  std::int64_t num_examples = 0;
  std::int64_t num_tokens = 0;   ///< input tokens
  std::int64_t num_targets = 0;  ///< with a loss
  double loss = 0.0;
  double learning_rate = 0.0;  ///< of the last step
  double seconds = 0.0;        ///< of its steps
};

/// An evaluation of the validation split.
struct EvaluationReport {
  std::int64_t epoch = 0;  ///< from 1; the current one if the run ended within it
  std::vector<eval::MetricValue> metrics;
  std::int64_t num_users = 0;  ///< evaluated
  eval::TargetCounts targets;  ///< those that the rules leave out included
  /// As metrics_by_repeat: of new and of repeated targets.
  std::vector<eval::MetricValue> metrics_by_repeat;
  eval::ExpertUse experts;  ///< of the validation users; empty for models without experts
  std::string metric;       ///< the one of `metrics` that selects the best epoch
  bool best = false;        ///< better than all earlier ones; the model was saved
  double seconds = 0.0;
};

/// The callbacks, any of which may be empty. They are called on the training thread.
struct TrainObserver {
  std::function<void(const Progress&)> progress;
  std::function<void(const EpochReport&)> epoch;
  std::function<void(const EvaluationReport&)> evaluation;
  /// For every line of metrics.jsonl.
  std::function<void(const nlohmann::ordered_json&)> line;
  /// After every step, with the number of steps so far.
  std::function<void(std::int64_t)> step;
  /// After a checkpoint requested by `save_now`, with its number of steps.
  std::function<void(std::int64_t)> saved;
};

}  // namespace elastic::train

// What a training run tells to whoever shows it; the library itself never prints.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "eval/expert_use.h"
#include "eval/metrics.h"
#include "tensor/memory.h"

namespace elastic::train {

/// How training goes; rates and loss are of the time since the report before.
struct Progress {
  std::int64_t epoch = 0;  ///< from 1
  std::int64_t num_epochs = 0;
  std::int64_t step = 0;  ///< steps done in this epoch
  std::int64_t steps_per_epoch = 0;
  double loss = 0.0;  ///< mean over the targets
  double learning_rate = 0.0;
  double examples_per_s = 0.0;
  double tokens_per_s = 0.0;
  double epoch_eta_s = 0.0;  ///< until the epoch's last step
  MemoryReport memory;
};

/// A finished epoch.
struct EpochReport {
  std::int64_t epoch = 0;  ///< from 1
  std::int64_t num_steps = 0;
  std::int64_t num_examples = 0;
  std::int64_t num_tokens = 0;  ///< inputs
  double loss = 0.0;
  double learning_rate = 0.0;  ///< of the last step
  double seconds = 0.0;        ///< of its steps
};

/// An evaluation of the validation split.
struct EvaluationReport {
  std::int64_t epoch = 0;  ///< from 1; the current one when time ran out within it
  std::vector<eval::MetricValue> metrics;
  eval::ExpertUse experts;  ///< of the validation users; empty for models without
  bool best = false;        ///< better than all before: the model was saved
  double seconds = 0.0;
};

/// Who wants to know; any may be empty. Called on the thread that trains.
struct TrainObserver {
  std::function<void(const Progress&)> progress;
  std::function<void(const EpochReport&)> epoch;
  std::function<void(const EvaluationReport&)> evaluation;
  /// Every line of metrics.jsonl.
  std::function<void(const nlohmann::ordered_json&)> line;
  /// After every step, with the number of steps so far.
  std::function<void(std::int64_t)> step;
  /// After a checkpoint that `save_now` asked for, with the number of steps it holds.
  std::function<void(std::int64_t)> saved;
};

}  // namespace elastic::train

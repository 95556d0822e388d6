// A run's progress for TensorBoard, in RUN/tensorboard: every number of metrics.jsonl, and the loss
// while an epoch goes on.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "train/event_file.h"
#include "train/observer.h"

namespace elastic::train {

/// The numbers of a line of metrics.jsonl under tags such as "epoch/loss" and "evaluation/HR@10".
/// Numbers in objects and arrays have the path to them in their tags; truth values are left out, as
/// is "step". Where there are tokens and seconds, "tokens_per_s" is added.
std::vector<Scalar> scalars_of(const nlohmann::ordered_json& event);

/// The step of the last line of metrics.jsonl; -1 where there is none.
std::int64_t last_step_of(const std::string& metrics_path);

class TensorBoard {
 public:
  /// A new file in the folder `path`. A resumed training writes again what comes from step
  /// `first_step` on, and readers forget what stands there; 0: nothing is there.
  TensorBoard(const std::string& path, std::int64_t first_step);

  /// A line of metrics.jsonl.
  void add(const nlohmann::ordered_json& event);
  /// How an epoch goes at a step, at most once a second.
  void add(const Progress& progress, std::int64_t step);

 private:
  EventFile file_;
  double last_progress_ = 0.0;  ///< wall time
};

}  // namespace elastic::train

// A run's progress for TensorBoard, in RUN/tensorboard: all numbers of metrics.jsonl, and the loss
// within an epoch.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "train/event_file.h"
#include "train/observer.h"

namespace elastic::train {

/// The numbers of a line of metrics.jsonl, with tags such as "epoch/loss" and "evaluation/HR@10".
/// Tags of numbers in objects and arrays contain the path to them. Booleans and "step" are left
/// out. If there are tokens and seconds, "tokens_per_s" is added.
std::vector<Scalar> scalars_of(const nlohmann::ordered_json& event);

/// The step of the last line of metrics.jsonl; -1 if there is none.
std::int64_t last_step_of(const std::string& metrics_path);

/// The numbers, texts and booleans of an object.
std::vector<Hparam> hparams_of(const nlohmann::ordered_json& options);

class TensorBoard {
 public:
  /// Creates an event file in the folder `path`. A resumed training passes the step from which it
  /// will write again, and readers discard earlier events from that step on; 0 for a new run.
  /// `options` are shown on the HParams page.
  TensorBoard(const std::string& path, std::int64_t first_step, const std::vector<Hparam>& options);

  /// Adds the numbers of a line of metrics.jsonl.
  void add(const nlohmann::ordered_json& event);
  /// Adds the progress at a step, at most once per second.
  void add(const Progress& progress, std::int64_t step);

 private:
  EventFile file_;
  double last_progress_ = 0.0;  ///< time of the last one, seconds since 1970
};

}  // namespace elastic::train

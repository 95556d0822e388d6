// The progress of training on one line.
#pragma once

#include <string>

#include "cli/output/progress_line.h"
#include "train/observer.h"

namespace elastic::cli {

class TrainProgress {
 public:
  explicit TrainProgress(ProgressLine& line) : line_(line) {}
  /// Keeps a reference to this object.
  train::TrainObserver observer();

 private:
  void show(const train::Progress& progress);
  void remember(const train::EvaluationReport& report);
  void note_experts(const eval::ExpertUse& experts);

  ProgressLine& line_;
  std::string best_;     ///< the text of the best evaluation so far
  std::string experts_;  ///< the text of expert use by validation users
  bool warned_ = false;  ///< of collapsed experts
};

}  // namespace elastic::cli

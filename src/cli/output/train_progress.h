// Shows how training goes, on one line.
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
  void tell_of_experts(const eval::ExpertUse& experts);

  ProgressLine& line_;
  std::string best_;     ///< the best evaluation so far
  std::string experts_;  ///< how the validation users shared them
  bool warned_ = false;  ///< of experts that collapse
};

}  // namespace elastic::cli

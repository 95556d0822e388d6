// `train --tensorboard`: event files in RUN/tensorboard.
#pragma once

#include <cstdint>
#include <optional>

#include "train/observer.h"
#include "train/run_directory.h"
#include "train/tensorboard.h"

namespace elastic::cli {

class TensorBoardLog {
 public:
  /// Extends the observer so that it also writes here. The observer keeps a reference to this
  /// object, which must be open before the first step of training.
  void join(train::TrainObserver& observer);
  /// Creates a new file. If the training is resumed, `num_steps` is the step of its checkpoint.
  void open(const train::RunDirectory& run, bool resumed, std::int64_t num_steps);

 private:
  std::optional<train::TensorBoard> board_;
  std::int64_t step_ = 0;
};

}  // namespace elastic::cli

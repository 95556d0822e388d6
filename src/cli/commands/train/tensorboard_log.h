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
  /// Has the observer write here as well. Keeps a reference to this object, which must be open
  /// before the training's first step.
  void join(train::TrainObserver& observer);
  /// Begins a new file. A resumed training, which has done `num_steps` steps, writes again what
  /// metrics.jsonl does not hold.
  void open(const train::RunDirectory& run, bool resumed, std::int64_t num_steps);

 private:
  std::optional<train::TensorBoard> board_;
  std::int64_t step_ = 0;
};

}  // namespace elastic::cli

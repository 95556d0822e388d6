// One training step's input: sequences, and the items to predict after them.
#pragma once

#include <cstdint>
#include <span>

#include "data/batch.h"
#include "data/split.h"
#include "train/examples.h"

namespace elastic::train {

struct TrainBatch {
  data::Batch batch;
  Tensor targets;  ///< int32: [B] with supervision last, [T] with supervision all
};

/// Collects the examples' events from the training part of the split.
TrainBatch make_train_batch(const data::Split& split,
                            std::span<const Example> examples,
                            Supervision supervision,
                            Device device);

}  // namespace elastic::train

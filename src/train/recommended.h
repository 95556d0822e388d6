// The defaults of the commands that train.
#pragma once

#include "model/model_config.h"
#include "train/train_config.h"

namespace elastic::train {

/// Options that do well on all data sets of docs/results.md, section "Defaults". The defaults of
/// ModelConfig and TrainConfig themselves are the values with which earlier versions trained runs
/// whose files lack an option.
ModelConfig recommended_model();
TrainConfig recommended_training();

}  // namespace elastic::train

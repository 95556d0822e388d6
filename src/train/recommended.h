// The defaults of the commands that train.
#pragma once

#include <cstdint>

#include "model/model_config.h"
#include "train/train_config.h"

namespace elastic::train {

/// Options that do well on all data sets of docs/results.md, section "Defaults". The defaults of
/// ModelConfig and TrainConfig themselves are the values with which earlier versions trained runs
/// whose files lack an option.
ModelConfig recommended_model();
TrainConfig recommended_training();
/// The dropout rate for a log: small ones need more.
double recommended_dropout(std::int64_t num_train_events);
/// This rule in words, for the help and for the origin of the value.
inline constexpr const char* kDropoutRule = "0.4, with 500,000 training events or more 0.2";

}  // namespace elastic::train

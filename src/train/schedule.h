// The learning rate schedule.
#pragma once

#include <cstdint>

#include "train/train_config.h"

namespace elastic::train {

/// Learning rate of `step` (from 1): min(1, step / warmup_steps) times the peak, and with schedule
/// cosine times (1 + cos(pi progress)) / 2. `progress` in [0, 1] is the share of all epochs that is
/// completed before the step.
double learning_rate(const OptimizerOptions& options, std::int64_t step, double progress);

}  // namespace elastic::train

#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace elastic::train {

double learning_rate(const TrainConfig& config, std::int64_t step, double progress) {
  double rate = config.learning_rate;
  if (step < config.warmup_steps) {
    rate *= static_cast<double>(step) / static_cast<double>(config.warmup_steps);
  }
  if (config.schedule == "cosine") {
    rate *= 0.5 * (1.0 + std::cos(std::numbers::pi * std::clamp(progress, 0.0, 1.0)));
  }
  return rate;
}

}  // namespace elastic::train

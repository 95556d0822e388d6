#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace elastic::train {

double learning_rate(const OptimizerOptions& options, std::int64_t step, double progress) {
  double rate = options.learning_rate;
  if (step < options.warmup_steps) {
    rate *= static_cast<double>(step) / static_cast<double>(options.warmup_steps);
  }
  if (options.schedule == Schedule::kCosine) {
    rate *= 0.5 * (1.0 + std::cos(std::numbers::pi * std::clamp(progress, 0.0, 1.0)));
  }
  return rate;
}

}  // namespace elastic::train

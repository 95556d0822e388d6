#include "train/remaining_time.h"

#include <algorithm>

namespace elastic::train {
namespace {

double seconds_per_step(const RunPace& pace) {
  return pace.epoch_seconds / static_cast<double>(std::max<std::int64_t>(1, pace.next_batch));
}

// One at every multiple of eval_every, and one after the last epoch.
std::int64_t evaluations_left(const TrainConfig& config, std::int64_t epoch) {
  const std::int64_t every = config.limits.eval_every;
  const std::int64_t multiples = config.epochs / every - epoch / every;
  return multiples + (config.epochs % every != 0 ? 1 : 0);
}

}  // namespace

double epoch_remaining_s(const RunPace& pace) {
  return seconds_per_step(pace) * static_cast<double>(pace.num_batches - pace.next_batch);
}

double run_remaining_s(const TrainConfig& config, const RunPace& pace) {
  const std::int64_t later_steps = (config.epochs - pace.epoch - 1) * pace.num_batches;
  double seconds = epoch_remaining_s(pace) +
                   seconds_per_step(pace) * static_cast<double>(later_steps) +
                   pace.evaluation_s * static_cast<double>(evaluations_left(config, pace.epoch));
  if (config.limits.max_time_s > 0.0) {
    seconds = std::min(seconds, config.limits.max_time_s - pace.elapsed_s);
  }
  if (config.limits.max_tokens > 0 && pace.tokens_per_s > 0.0) {
    const auto tokens = static_cast<double>(config.limits.max_tokens - pace.num_tokens);
    seconds = std::min(seconds, tokens / pace.tokens_per_s);
  }
  return std::max(0.0, seconds);
}

}  // namespace elastic::train

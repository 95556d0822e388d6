#include "train/remaining_time.h"

#include <doctest/doctest.h>

namespace elastic::train {
namespace {

// 2 s a step; 5 of 20 steps of the third of ten epochs are done.
RunPace half_way() {
  RunPace pace;
  pace.epoch = 2;
  pace.next_batch = 5;
  pace.num_batches = 20;
  pace.epoch_seconds = 10.0;
  pace.elapsed_s = 100.0;
  pace.num_tokens = 4000;
  pace.tokens_per_s = 40.0;
  pace.evaluation_s = 3.0;
  return pace;
}

TEST_CASE("remaining time: covers the later epochs and their evaluations") {
  TrainConfig config;
  config.epochs = 10;
  const RunPace pace = half_way();
  CHECK(epoch_remaining_s(pace) == 30.0);
  CHECK(run_remaining_s(config, pace) == 30.0 + 7 * 40.0 + 8 * 3.0);
  config.limits.eval_every = 4;  // after epochs 4, 8 and 10
  CHECK(run_remaining_s(config, pace) == 30.0 + 7 * 40.0 + 3 * 3.0);
}

TEST_CASE("remaining time: limits of time and tokens end a run earlier") {
  TrainConfig config;
  config.epochs = 10;
  config.limits.max_time_s = 150.0;
  CHECK(run_remaining_s(config, half_way()) == 50.0);
  config.limits.max_tokens = 4400;
  CHECK(run_remaining_s(config, half_way()) == 10.0);
  config.limits.max_time_s = 90.0;  // already over
  CHECK(run_remaining_s(config, half_way()) == 0.0);
}

}  // namespace
}  // namespace elastic::train

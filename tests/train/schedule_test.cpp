#include "train/schedule.h"

#include <doctest/doctest.h>

using namespace elastic::train;

TEST_CASE("schedule: constant keeps the peak") {
  TrainConfig config;
  config.learning_rate = 0.1;
  CHECK(learning_rate(config, 1, 0.0) == 0.1);
  CHECK(learning_rate(config, 1000, 1.0) == 0.1);
}

TEST_CASE("schedule: warm-up rises linearly from the first step to the peak") {
  TrainConfig config;
  config.learning_rate = 0.1;
  config.warmup_steps = 4;
  CHECK(learning_rate(config, 1, 0.0) == doctest::Approx(0.025));
  CHECK(learning_rate(config, 3, 0.0) == doctest::Approx(0.075));
  CHECK(learning_rate(config, 4, 0.0) == doctest::Approx(0.1));
  CHECK(learning_rate(config, 5, 0.0) == doctest::Approx(0.1));
}

TEST_CASE("schedule: cosine falls from the peak to zero") {
  TrainConfig config;
  config.learning_rate = 0.1;
  config.schedule = "cosine";
  CHECK(learning_rate(config, 1, 0.0) == doctest::Approx(0.1));
  CHECK(learning_rate(config, 9, 1.0 / 3.0) == doctest::Approx(0.075));
  CHECK(learning_rate(config, 9, 0.5) == doctest::Approx(0.05));
  CHECK(learning_rate(config, 9, 1.0) == doctest::Approx(0.0));
  CHECK(learning_rate(config, 9, 1.5) == doctest::Approx(0.0));

  config.warmup_steps = 10;
  CHECK(learning_rate(config, 5, 0.5) == doctest::Approx(0.025));
}

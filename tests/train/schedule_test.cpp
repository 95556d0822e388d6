#include "train/schedule.h"

#include <doctest/doctest.h>

using namespace elastic::train;

TEST_CASE("schedule: constant keeps the peak") {
  OptimizerOptions options;
  options.learning_rate = 0.1;
  CHECK(learning_rate(options, 1, 0.0) == 0.1);
  CHECK(learning_rate(options, 1000, 1.0) == 0.1);
}

TEST_CASE("schedule: warm-up rises linearly from the first step to the peak") {
  OptimizerOptions options;
  options.learning_rate = 0.1;
  options.warmup_steps = 4;
  CHECK(learning_rate(options, 1, 0.0) == doctest::Approx(0.025));
  CHECK(learning_rate(options, 3, 0.0) == doctest::Approx(0.075));
  CHECK(learning_rate(options, 4, 0.0) == doctest::Approx(0.1));
  CHECK(learning_rate(options, 5, 0.0) == doctest::Approx(0.1));
}

TEST_CASE("schedule: cosine falls from the peak to zero") {
  OptimizerOptions options;
  options.learning_rate = 0.1;
  options.schedule = Schedule::kCosine;
  CHECK(learning_rate(options, 1, 0.0) == doctest::Approx(0.1));
  CHECK(learning_rate(options, 9, 1.0 / 3.0) == doctest::Approx(0.075));
  CHECK(learning_rate(options, 9, 0.5) == doctest::Approx(0.05));
  CHECK(learning_rate(options, 9, 1.0) == doctest::Approx(0.0));
  CHECK(learning_rate(options, 9, 1.5) == doctest::Approx(0.0));

  options.warmup_steps = 10;
  CHECK(learning_rate(options, 5, 0.5) == doctest::Approx(0.025));
}

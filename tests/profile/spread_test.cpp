#include "profile/spread.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/random.h"

namespace elastic::profile::spread_test {
namespace {

TEST_CASE("spread: quantiles lie between neighbours in proportion") {
  CHECK(quantile({3.0}, 0.7) == 3.0);
  CHECK(quantile({4.0, 1.0, 2.0, 3.0}, 0.0) == 1.0);
  CHECK(quantile({4.0, 1.0, 2.0, 3.0}, 0.5) == 2.5);
  CHECK(quantile({4.0, 1.0, 2.0, 3.0}, 0.95) == doctest::Approx(3.85));
  CHECK(quantile({4.0, 1.0, 2.0, 3.0}, 1.0) == 4.0);
}

TEST_CASE("spread: the distance of the quartiles relative to the median, of three values or more") {
  CHECK_FALSE(relative_spread(std::vector<double>{1.0, 2.0}).has_value());
  CHECK(*relative_spread(std::vector<double>{1.0, 2.0, 3.0}) == 0.5);
  CHECK(*relative_spread(std::vector<double>{9.0, 10.0, 11.0, 10.0, 1000.0}) == 0.1);
}

TEST_CASE(
    "spread: a ratio is the median over all pairs, its bounds are those of the rank-sum test") {
  const std::vector<double> before{1.0, 1.0, 1.0, 1.0, 1.0};
  const Ratio ratio = ratio_of(std::vector<double>{2.0, 3.0, 4.0, 5.0, 6.0}, before);
  CHECK(ratio.value == 4.0);
  // The third of 25 ratios from either end: each time is there five times.
  REQUIRE(ratio.interval.has_value());
  CHECK(ratio.interval->low == 2.0);
  CHECK(ratio.interval->high == 6.0);
  const std::vector<double> four{1.0, 2.0, 4.0, 8.0};
  CHECK(ratio_of(four, four).interval->low == 0.125);
  CHECK(ratio_of(four, four).interval->high == 8.0);
  CHECK(ratio_of(four, four).value == 1.0);
  const std::vector<double> three{1.0, 2.0, 4.0};
  CHECK_FALSE(ratio_of(three, three).interval.has_value());
  CHECK_FALSE(ratio_of(std::vector<double>{1.0}, before).interval.has_value());
}

TEST_CASE("spread: intervals of equal times hold 1 in about 95 % of the cases") {
  RandomStream random(1, RandomPurpose::kBootstrap, 0);
  const auto times = [&] {
    std::vector<double> drawn(5);
    std::generate(drawn.begin(), drawn.end(), [&] { return 1.0 + random.uniform(); });
    return drawn;
  };
  int holds = 0;
  for (int i = 0; i < 1000; ++i) {
    const Ratio ratio = ratio_of(times(), times());
    holds += ratio.interval->low <= 1.0 && 1.0 <= ratio.interval->high ? 1 : 0;
  }
  CHECK(holds >= 940);
  CHECK(holds <= 990);
}

}  // namespace
}  // namespace elastic::profile::spread_test

#include "eval/bootstrap.h"

#include <doctest/doctest.h>

#include <cmath>

#include "eval/metrics.h"

namespace elastic::eval {
namespace {

std::vector<std::int32_t> some_ranks(std::size_t users) {
  std::vector<std::int32_t> ranks(users);
  for (std::size_t i = 0; i < users; ++i) {
    ranks[i] = static_cast<std::int32_t>(1 + (i * 7919) % 40);
  }
  return ranks;
}

TEST_CASE("bootstrap: intervals contain the value and agree with the normal approximation") {
  const auto ranks = some_ranks(2000);
  const auto metrics = all_metrics(ranks);
  const auto intervals = bootstrap_intervals(ranks, {.seed = 3});
  REQUIRE(intervals.size() == metrics.size());
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    CAPTURE(metrics[i].name);
    CHECK(intervals[i].low <= metrics[i].value);
    CHECK(intervals[i].high >= metrics[i].value);
  }
  // HR@10 = 0.25 over 2000 users: half the width is 1.96 sqrt(0.25 0.75 / 2000) = 0.019.
  const double half = (intervals[2].high - intervals[2].low) / 2;
  CHECK(half == doctest::Approx(1.96 * std::sqrt(0.25 * 0.75 / 2000)).epsilon(0.1).scale(0.0));
}

TEST_CASE("bootstrap: intervals depend on the seed") {
  const auto ranks = some_ranks(100);
  const auto first = bootstrap_intervals(ranks, {.seed = 1});
  const auto again = bootstrap_intervals(ranks, {.seed = 1});
  const auto other = bootstrap_intervals(ranks, {.seed = 2});
  bool differs = false;
  for (std::size_t i = 0; i < first.size(); ++i) {
    CHECK(first[i].low == again[i].low);
    CHECK(first[i].high == again[i].high);
    differs = differs || first[i].low != other[i].low || first[i].high != other[i].high;
  }
  CHECK(differs);
}

TEST_CASE("bootstrap: a difference is paired by user") {
  // The other model has one hit more for every tenth user; both succeed with the same easy users.
  const auto ranks = some_ranks(2000);
  auto better = ranks;
  for (std::size_t i = 0; i < better.size(); i += 10) {
    better[i] = 1;
  }
  const auto same = difference_intervals(ranks, ranks, {.seed = 3});
  const auto paired = difference_intervals(better, ranks, {.seed = 3});
  const auto alone = bootstrap_intervals(ranks, {.seed = 3});
  const double difference = hit_at_k(better, 10) - hit_at_k(ranks, 10);
  CHECK(same[2].low == 0.0);
  CHECK(same[2].high == 0.0);
  CHECK(paired[2].low > 0.0);
  CHECK(paired[2].low <= difference);
  CHECK(paired[2].high >= difference);
  CHECK(paired[2].high - paired[2].low < alone[2].high - alone[2].low);
}

TEST_CASE("bootstrap: intervals of one user or none have no width") {
  const std::vector<std::int32_t> one{2};
  for (const Interval& interval : bootstrap_intervals(one, {})) {
    CHECK(interval.low == interval.high);
  }
  for (const Interval& interval : bootstrap_intervals({}, {})) {
    CHECK(interval.low == 0.0);
    CHECK(interval.high == 0.0);
  }
}

}  // namespace
}  // namespace elastic::eval

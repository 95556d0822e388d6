#include "eval/crossed_difference.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <initializer_list>

#include "eval/coverage.h"

namespace elastic::eval {
namespace {

TEST_CASE("crossed difference: by hand for two users and two seeds") {
  // Means over seeds by user: group 2, 6; baseline 1, 2. Differences 1, 4.
  const SeedValues group{{1.0, 6.0}, {3.0, 6.0}};
  const SeedValues baseline{{1.0, 1.0}, {1.0, 3.0}};
  const Difference difference = crossed_difference(group, baseline);
  CHECK(difference.value == doctest::Approx(2.5));
  // users: variance 4.5 / 2. seeds: means 3.5, 4.5 and 1, 2: 0.5 / 2 each. Residuals are +-0.5 in
  // all four cells of each group: 1 / 1 / 4 each.
  CHECK(difference.std_error == doctest::Approx(std::sqrt(2.25 + 0.5 - 0.5)));
  const double uncertainty = 2.25 * 2.25 + 4 * 0.25 * 0.25;
  CHECK(difference.df == doctest::Approx(std::max(1.0, 2.25 * 2.25 / uncertainty)));
  CHECK(difference.covers == Covers::kUsersAndSeeds);
  CHECK(difference.interval.high - difference.value ==
        doctest::Approx(12.7062047 * 1.5).epsilon(1e-6));
}

TEST_CASE("crossed difference: a single seed covers users only, by the paired t-test") {
  const Difference difference = crossed_difference({{1.0, 2.0, 4.0, 3.0}}, {{1.0, 1.0, 1.0, 1.0}});
  CHECK(difference.value == doctest::Approx(1.5));
  CHECK(difference.covers == Covers::kUsers);
  CHECK(difference.df == doctest::Approx(3.0));
  CHECK(difference.std_error == doctest::Approx(std::sqrt(5.0 / 3.0 / 4.0)));
  CHECK(difference.interval.low ==
        doctest::Approx(1.5 - 3.1824463 * difference.std_error).epsilon(1e-6));
  // With a single seed on one side, the variation of that side over seeds is unknown.
  const Difference mixed = crossed_difference({{1.0, 2.0}, {1.0, 4.0}}, {{1.0, 1.0}});
  CHECK(mixed.covers == Covers::kUsers);
}

TEST_CASE("crossed difference: equal groups, and groups that always differ by the same") {
  const Difference none = crossed_difference({{1.0, 0.0, 0.5}}, {{1.0, 0.0, 0.5}});
  CHECK(none.value == 0.0);
  CHECK(none.interval.low == 0.0);
  CHECK(none.interval.high == 0.0);
  CHECK(none.p == 1.0);
  const Difference all = crossed_difference({{1.0, 1.0}}, {{0.0, 0.0}});
  CHECK(all.interval.low == 1.0);
  CHECK(all.p == 0.0);
}

TEST_CASE("crossed difference: one user has no interval") {
  const Difference difference = crossed_difference({{1.0}, {0.0}}, {{0.0}, {0.0}});
  CHECK(difference.value == 0.5);
  CHECK(difference.covers == Covers::kNothing);
  CHECK(std::isinf(difference.interval.low));
  CHECK(std::isinf(difference.interval.high));
  CHECK(difference.p == 1.0);
}

TEST_CASE("crossed difference: the p-value is below 0.05 where the interval excludes 0") {
  for (std::uint64_t study = 0; study < 200; ++study) {
    const auto groups = simulated_groups({.seed = {0.02, 0.02}}, 3, 50, study);
    const Difference difference = crossed_difference(groups[0], groups[1]);
    const bool excluded = difference.interval.low > 0.0 || difference.interval.high < 0.0;
    CHECK(excluded == (difference.p < 0.05));
  }
}

TEST_CASE("crossed difference: mean and deviation over seeds") {
  const SeedSummary summary = summary_of({{1.0, 2.0}, {2.0, 3.0}, {6.0, 0.0}});
  CHECK(summary.mean == doctest::Approx(7.0 / 3.0));
  CHECK(summary.deviation == doctest::Approx(std::sqrt(7.0 / 3.0 - 2.0 / 1.0 + 0.25)));
  CHECK(summary_of({{1.0, 2.0}}).deviation == 0.0);
}

TEST_CASE("crossed difference: 95 % intervals cover the truth in 93 to 97 % of studies") {
  // The variance between seeds is that of the noise in a mean over users, or 6 times as large.
  for (const double seed : {0.02, 0.05}) {
    for (const std::size_t seeds : {2U, 3U, 5U}) {
      CAPTURE(seed);
      CAPTURE(seeds);
      const Coverage coverage = coverage_of({.seed = {seed, seed}}, seeds, 100, 2000);
      CHECK(coverage.of_interval >= 0.93);
      CHECK(coverage.of_interval <= 0.97);
      if (seed > 0.02) {
        CHECK(coverage.of_users < 0.85);  // without the seeds, intervals are too narrow
      }
    }
  }
}

// The table of docs/evaluation.md: eval_tests -ns -tc='*table of coverage*'
TEST_CASE("crossed difference: table of coverage" * doctest::skip()) {
  const std::array<Effects, 8> all{
      {{.name = "users, no seed effect", .seed = {0.0, 0.0}},
       {.name = "seeds as strong as noise", .seed = {0.009, 0.009}},
       {.name = "seeds twice as strong", .seed = {0.018, 0.018}},
       {.name = "seeds dominate", .seed = {0.06, 0.06}},
       {.name = "no group-by-user effect", .group_user = 0.0, .seed = {0.018, 0.018}},
       {.name = "one group varies 3 times as much", .seed = {0.027, 0.009}},
       {.name = "only one group varies, strongly", .seed = {0.06, 0.0}},
       {.name = "hits (0 or 1)", .seed = {0.018, 0.018}, .hits = true}}};
  for (const Effects& effects : all) {
    for (const std::size_t seeds : {2U, 3U, 5U}) {
      const Coverage coverage = coverage_of(effects, seeds, 500, 4000);
      std::printf("%-34s %zu seeds: %.3f, users only %.3f, width %.4f\n",
                  effects.name,
                  seeds,
                  coverage.of_interval,
                  coverage.of_users,
                  coverage.mean_width);
    }
  }
}

}  // namespace
}  // namespace elastic::eval

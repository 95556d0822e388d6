#include "eval/crossed_difference.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <vector>

#include "eval/coverage.h"
#include "eval/student_t.h"

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
  CHECK(difference.df == doctest::Approx(1.0));  // of users: the seeds vary as the noise does
  CHECK(difference.covers == Covers::kUsersAndSeeds);
  CHECK(difference.interval.high - difference.value ==
        doctest::Approx(12.7062047 * 1.5).epsilon(1e-6));
}

TEST_CASE("crossed difference: by hand with seeds that vary more than the noise") {
  // Means over seeds by user: group 2, 4, 6; baseline 1, 1, 1. Differences 1, 3, 5: variance 4 / 3.
  const SeedValues group{{0.0, 2.0, 4.0}, {2.0, 4.0, 6.0}, {4.0, 6.0, 8.0}};
  const SeedValues baseline{{2.0, 0.0, 1.0}, {0.0, 2.0, 1.0}};
  const Difference difference = crossed_difference(group, baseline);
  CHECK(difference.value == doctest::Approx(3.0));
  // Group: means 2, 4, 6, variance 4 / 3, without noise. Baseline: means 1 and 1: no excess.
  CHECK(difference.std_error == doctest::Approx(std::sqrt(8.0 / 3.0)));
  CHECK(difference.df == doctest::Approx(2.0));
  const double t = 4.3026527;  // of both parts
  CHECK(difference.interval.high - difference.value ==
        doctest::Approx(t * std::sqrt(8.0 / 3.0)).epsilon(1e-6));
  CHECK(difference.p == doctest::Approx(two_sided_p(3.0 / std::sqrt(8.0 / 3.0), 2.0)));
  // Both groups vary: excesses 4 / 3 with 2 degrees of freedom, and 2 with 1.
  const Difference both = crossed_difference(
      group, {{0.0, 0.0, 0.0}, {2.0 * std::sqrt(2.0), 2.0 * std::sqrt(2.0), 2.0 * std::sqrt(2.0)}});
  const double excess = 4.0 / 3.0 + 2.0;
  const double df = excess * excess / (16.0 / 9.0 / 2.0 + 4.0);
  CHECK(both.df == doctest::Approx(df));
  const double half = std::sqrt(t * t * 4.0 / 3.0 + std::pow(critical_t(0.05, df), 2) * excess);
  CHECK(both.interval.high - both.value == doctest::Approx(half));
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

struct CoverageCase {
  Effects effects;
  std::size_t users;
};

// Without seed effects, with seeds that vary much more than users and noise, as much as these in
// one group only, and with the metrics of users who mostly have none of their items in the list.
const std::vector<CoverageCase>& coverage_cases() {
  static const std::vector<CoverageCase> cases{
      {{.name = "no seed effect", .seed = {0.0, 0.0}}, 100},
      {{.name = "no seed effect", .seed = {0.0, 0.0}}, 1000},
      {{.name = "no seed, no group-by-user effect", .group_user = 0.0, .seed = {0.0, 0.0}}, 1000},
      {{.name = "seeds as strong as users", .seed = {0.03, 0.03}}, 100},
      {{.name = "seeds as strong as users", .seed = {0.009, 0.009}}, 1000},
      {{.name = "seeds dominate", .seed = {0.2, 0.2}}, 100},
      {{.name = "seeds dominate", .seed = {0.06, 0.06}}, 1000},
      {{.name = "seeds 3 times as strong in one group", .seed = {0.03, 0.01}}, 1000},
      {{.name = "seeds in one group only", .seed = {0.1, 0.0}}, 100},
      {{.name = "seeds in one group only", .seed = {0.03, 0.0}}, 1000},
      {{.name = "seeds dominate in one group only", .seed = {0.06, 0.0}}, 1000},
      {{.name = "HR@10, no seed effect", .seed = {0.0, 0.0}, .values = Values::kHits}, 100},
      {{.name = "HR@10, no seed effect", .seed = {0.0, 0.0}, .values = Values::kHits}, 1000},
      {{.name = "HR@10, seeds", .seed = {0.03, 0.03}, .values = Values::kHits}, 100},
      {{.name = "HR@10, seeds", .seed = {0.03, 0.03}, .values = Values::kHits}, 1000},
      {{.name = "NDCG@10, no seed effect", .seed = {0.0, 0.0}, .values = Values::kGains}, 1000},
      {{.name = "NDCG@10, seeds", .seed = {0.03, 0.03}, .values = Values::kGains}, 100},
      {{.name = "NDCG@10, seeds", .seed = {0.03, 0.03}, .values = Values::kGains}, 1000}};
  return cases;
}

TEST_CASE(
    "crossed difference: 95 % intervals cover the truth in 93 to 97 % of studies, with two seeds "
    "to 98 %") {
  for (const CoverageCase& one : coverage_cases()) {
    if (one.users > 100 || one.effects.values == Values::kHits) {
      continue;  // the table has them
    }
    for (const std::size_t seeds : {2U, 3U, 5U}) {
      CAPTURE(std::string(one.effects.name));
      CAPTURE(seeds);
      const Coverage coverage = coverage_of(one.effects, seeds, one.users, 800);
      // Two standard deviations of a share of 800 studies are 0.015.
      CHECK(coverage.of_interval >= 0.93 - 0.015);
      CHECK(coverage.of_interval <= (seeds == 2 ? 0.98 : 0.97) + 0.015);
      if (one.effects.seed[0] >= 0.1) {
        CHECK(coverage.of_users < 0.85);  // without the seeds, intervals are too narrow
      }
    }
  }
}

// The table of docs/evaluation.md: eval_tests -ns -tc='*table of coverage*'
TEST_CASE("crossed difference: table of coverage" * doctest::skip()) {
  for (const CoverageCase& one : coverage_cases()) {
    std::printf("| %s | %zu |", one.effects.name, one.users);
    double users_only = 0.0;
    for (const std::size_t seeds : {2U, 3U, 5U}) {
      const Coverage coverage = coverage_of(one.effects, seeds, one.users, 4000);
      std::printf(" %.3f |", coverage.of_interval);
      users_only = seeds == 3 ? coverage.of_users : users_only;
    }
    std::printf(" %.3f |\n", users_only);
  }
}

}  // namespace
}  // namespace elastic::eval

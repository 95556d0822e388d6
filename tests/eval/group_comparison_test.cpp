#include "eval/group_comparison.h"

#include <doctest/doctest.h>

#include <initializer_list>

#include "eval/metrics.h"

namespace elastic::eval {
namespace {

std::vector<std::int32_t> ranks_from(std::int32_t first, std::size_t users) {
  std::vector<std::int32_t> ranks(users);
  for (std::size_t i = 0; i < users; ++i) {
    ranks[i] = first + static_cast<std::int32_t>((i * 7919) % 40);
  }
  return ranks;
}

std::vector<UserMetric> metrics_named(const std::vector<std::string>& names) {
  std::vector<UserMetric> chosen;
  for (const UserMetric& metric : user_metrics()) {
    for (const std::string& name : names) {
      if (metric.name == name) {
        chosen.push_back(metric);
      }
    }
  }
  return chosen;
}

Ranking ranking_of(std::size_t users) {
  Ranking ranking;
  for (std::size_t i = 0; i < users; ++i) {
    ranking.users.push_back(static_cast<std::int32_t>(i));
    ranking.targets.push_back(1 + static_cast<std::int32_t>(i % 4));
    ranking.history_lengths.push_back(i % 2 == 0 ? 20 : 501);
  }
  return ranking;
}

TEST_CASE("user metrics: their means are the metrics of a report") {
  const auto ranks = ranks_from(1, 97);
  std::vector<std::size_t> users(97);
  for (std::size_t i = 0; i < users.size(); ++i) {
    users[i] = i;
  }
  const auto expected = all_metrics(ranks);
  const auto metrics = user_metrics();
  REQUIRE(metrics.size() == expected.size());
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    CHECK(metrics[m].name == expected[m].name);
    double sum = 0.0;
    for (const double value : values_of(metrics[m], ranks, users)) {
      sum += value;
    }
    CHECK(sum / 97.0 == doctest::Approx(expected[m].value).epsilon(1e-12));
  }
  CHECK(metrics_named({"NDCG@10"}).front().value(kMissRank) == 0.0);
}

TEST_CASE("group comparison: parts hold each user once, by history and by popularity") {
  const std::vector<std::int64_t> counts{0, 30, 29, 1, 0};  // of items 1..4
  const auto parts = user_parts(ranking_of(8), counts);
  REQUIRE(parts.size() == 7);
  CHECK(parts[0].kind == "all");
  CHECK(parts[0].users.size() == 8);
  CHECK(parts[1].label == "1-20");
  CHECK(parts[1].users == std::vector<std::size_t>{0, 2, 4, 6});
  CHECK(parts[2].label == "501 or more");
  CHECK(parts[3].kind == "popularity");
  CHECK(parts[3].label == "head");
  CHECK(parts[3].users == std::vector<std::size_t>{0, 4});
  CHECK(parts[4].label == "mid");
  CHECK(parts[5].label == "tail");
  CHECK(parts[6].label == "cold");
  CHECK(parts[6].users == std::vector<std::size_t>{3, 7});
}

TEST_CASE("group comparison: two single seeds have the intervals of eval --against") {
  const RankedGroup first{"a", {ranks_from(1, 200)}, 5};
  RankedGroup second{"b", {ranks_from(4, 200)}, 7};
  second.ranks[0][3] = kMissRank;
  const auto metrics = metrics_named({"NDCG@10", "MRR@20"});
  const auto parts = user_parts(ranking_of(200), std::vector<std::int64_t>{0, 1, 1, 1, 1});
  const auto comparison = compare_groups({first, second}, 0, metrics, parts);
  const auto intervals = difference_intervals(second.ranks[0], first.ranks[0], {.seed = 7});
  const auto& all = comparison.parts.front().values;
  CHECK(all[1][0].difference.interval.low == intervals[7].low);
  CHECK(all[1][1].difference.interval.high == intervals[13].high);
  CHECK(all[1][0].difference.covers == Covers::kUsers);
  CHECK(all[1][0].difference.value ==
        doctest::Approx(all[1][0].summary.mean - all[0][0].summary.mean));
  CHECK(comparison.family == 2);
  // Elsewhere they are the t-test's, and not adjusted.
  const GroupMetric& part = comparison.parts[1].values[1][0];
  CHECK(part.p_adjusted == 1.0);
  CHECK_FALSE(part.significant);
  CHECK(part.difference.df == doctest::Approx(99.0));
}

TEST_CASE("group comparison: the family is every group and metric but the baseline") {
  std::vector<RankedGroup> groups;
  for (const std::int32_t first : {1, 2, 30}) {
    groups.push_back({"g", {ranks_from(first, 300), ranks_from(first + 1, 300)}, 1});
  }
  const auto parts = user_parts(ranking_of(300), std::vector<std::int64_t>{0, 1, 1, 1, 1});
  const auto comparison =
      compare_groups(groups, 1, metrics_named({"HR@10", "NDCG@10", "MRR@10"}), parts);
  CHECK(comparison.family == 6);
  const auto& all = comparison.parts.front().values;
  for (const std::size_t g : {0U, 2U}) {
    for (const GroupMetric& metric : all[g]) {
      CHECK(metric.difference.covers == Covers::kUsersAndSeeds);
      CHECK(metric.p_adjusted >= metric.difference.p);
      CHECK(metric.significant == (metric.p_adjusted < 0.05));
    }
  }
  CHECK(all[1][0].difference.value == 0.0);
  CHECK(all[1][0].p_adjusted == 1.0);
}

}  // namespace
}  // namespace elastic::eval

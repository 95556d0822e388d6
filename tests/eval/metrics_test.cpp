#include "eval/metrics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "eval/rank_counts.h"

namespace elastic::eval {
namespace {

TEST_CASE("metrics: hand-computed values") {
  const std::vector<std::int32_t> ranks{1, 2, 3, 11, 100};
  CHECK(hit_at_k(ranks, 1) == doctest::Approx(0.2));
  CHECK(hit_at_k(ranks, 10) == doctest::Approx(0.6));
  CHECK(hit_at_k(ranks, 11) == doctest::Approx(0.8));
  CHECK(ndcg_at_k(ranks, 1) == doctest::Approx(0.2));
  // log2(2) = 1, log2(3), log2(4) = 2
  CHECK(ndcg_at_k(ranks, 10) == doctest::Approx((1.0 + 1.0 / std::log2(3.0) + 0.5) / 5));
}

TEST_CASE("metrics: no users give zeros") {
  CHECK(hit_at_k({}, 10) == 0.0);
  CHECK(ndcg_at_k({}, 10) == 0.0);
  for (const MetricValue& metric : all_metrics({})) {
    CHECK(metric.value == 0.0);
  }
}

TEST_CASE("metrics: all metrics at all cutoffs, computed by hand") {
  const std::vector<std::int32_t> ranks{1, 2, 3, 11, 100};
  const double ndcg_3 = 1.0 + 1.0 / std::log2(3.0) + 0.5;  // gains of the ranks up to 3
  const double ndcg_11 = ndcg_3 + 1.0 / std::log2(12.0);
  const double mrr_3 = 1.0 + 1.0 / 2.0 + 1.0 / 3.0;
  const double mrr_11 = mrr_3 + 1.0 / 11.0;
  const std::vector<std::pair<std::string, double>> sums{
      {"HR@1", 1.0},        {"HR@5", 3.0},        {"HR@10", 3.0},     {"HR@20", 4.0},
      {"HR@50", 4.0},       {"NDCG@1", 1.0},      {"NDCG@5", ndcg_3}, {"NDCG@10", ndcg_3},
      {"NDCG@20", ndcg_11}, {"NDCG@50", ndcg_11}, {"MRR@1", 1.0},     {"MRR@5", mrr_3},
      {"MRR@10", mrr_3},    {"MRR@20", mrr_11},   {"MRR@50", mrr_11}, {"Recall@1", 1.0},
      {"Recall@5", 3.0},    {"Recall@10", 3.0},   {"Recall@20", 4.0}, {"Recall@50", 4.0}};
  const std::vector<MetricValue> metrics = all_metrics(ranks);
  REQUIRE(metrics.size() == sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    CHECK(metrics[i].name == sums[i].first);
    CHECK(metrics[i].value == doctest::Approx(sums[i].second / 5.0));
  }
  CHECK(value_of(metrics, "MRR@20") == metrics[13].value);
}

TEST_CASE("metrics: uniformly distributed ranks score as chance") {
  std::vector<std::int32_t> ranks(1000);
  std::iota(ranks.begin(), ranks.end(), 1);
  CHECK(hit_at_k(ranks, 10) == doctest::Approx(0.01));
  CHECK(hit_at_k(ranks, 50) == doctest::Approx(0.05));
}

TEST_CASE("metrics: a rank below 1 is refused") {
  const std::vector<std::int32_t> ranks{0};
  CHECK_THROWS(hit_at_k(ranks, 10));
  CHECK_THROWS(RankCounts(ranks, 10));
}

}  // namespace
}  // namespace elastic::eval

#include "eval/metrics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "base/error.h"
#include "eval/rank_counts.h"

namespace elastic::eval {
namespace {

TEST_CASE("metrics: hand-computed values") {
  const std::vector<std::int32_t> ranks{1, 2, 3, 11, 100};
  CHECK(hit_at_k(ranks, 1) == doctest::Approx(0.2));
  CHECK(hit_at_k(ranks, 10) == doctest::Approx(0.6));
  CHECK(hit_at_k(ranks, 11) == doctest::Approx(0.8));
  CHECK(recall_at_k(ranks, 10) == hit_at_k(ranks, 10));
  CHECK(mrr_at_k(ranks, 1) == doctest::Approx(0.2));
  CHECK(mrr_at_k(ranks, 10) == doctest::Approx((1.0 + 1.0 / 2 + 1.0 / 3) / 5));
  CHECK(ndcg_at_k(ranks, 1) == doctest::Approx(0.2));
  // log2(2) = 1, log2(3), log2(4) = 2
  CHECK(ndcg_at_k(ranks, 10) == doctest::Approx((1.0 + 1.0 / std::log2(3.0) + 0.5) / 5));
}

TEST_CASE("metrics: no users give zeros") {
  CHECK(hit_at_k({}, 10) == 0.0);
  CHECK(ndcg_at_k({}, 10) == 0.0);
  CHECK(mrr_at_k({}, 10) == 0.0);
  CHECK(recall_at_k({}, 10) == 0.0);
  CHECK(value_of(all_metrics({}), "HR@10") == 0.0);
}

TEST_CASE("metrics: all of them together equal each alone") {
  std::vector<std::int32_t> ranks(137);
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    ranks[i] = static_cast<std::int32_t>(1 + (i * i) % 73);
  }
  const auto metrics = all_metrics(ranks);
  CHECK(metrics.size() == 20);
  CHECK(metrics.front().name == "HR@1");
  CHECK(metrics.back().name == "Recall@50");
  for (const int k : kCutoffs) {
    CAPTURE(k);
    const std::string at = concat("@", k);
    CHECK(value_of(metrics, "HR" + at) == doctest::Approx(hit_at_k(ranks, k)));
    CHECK(value_of(metrics, "NDCG" + at) == doctest::Approx(ndcg_at_k(ranks, k)));
    CHECK(value_of(metrics, "MRR" + at) == doctest::Approx(mrr_at_k(ranks, k)));
    CHECK(value_of(metrics, "Recall" + at) == doctest::Approx(recall_at_k(ranks, k)));
  }
}

TEST_CASE("metrics: every rank equally often scores as chance") {
  std::vector<std::int32_t> ranks(1000);
  std::iota(ranks.begin(), ranks.end(), 1);
  CHECK(hit_at_k(ranks, 10) == doctest::Approx(0.01));
  CHECK(hit_at_k(ranks, 50) == doctest::Approx(0.05));
}

TEST_CASE("metrics: a rank below 1 is refused") {
  const std::vector<std::int32_t> ranks{0};
  CHECK_THROWS(hit_at_k(ranks, 10));
  CHECK_THROWS(RankCounts(ranks));
}

}  // namespace
}  // namespace elastic::eval

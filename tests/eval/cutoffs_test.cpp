#include "eval/cutoffs.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "eval/bootstrap.h"
#include "eval/metrics.h"
#include "eval/user_metric.h"

namespace elastic::eval::cutoffs_test {
namespace {

TEST_CASE("cutoffs: any order, once each, 10 always among them") {
  CHECK(Cutoffs().text() == "1,5,10,20,50");
  CHECK(Cutoffs::parse("100,3,3", "--k").text() == "3,10,100");
  CHECK(Cutoffs::parse("10", "--k").text() == "10");
  CHECK(Cutoffs::parse("1000", "--k").text() == "10,1000");
  CHECK(Cutoffs().with(7).text() == "1,5,7,10,20,50");
  CHECK(Cutoffs().with(50) == Cutoffs());
  for (const char* text : {"", "0", "1001", "3,", "a", "3 5", "-1", "1e2"}) {
    CHECK_THROWS_WITH_AS(
        Cutoffs::parse(text, "--k"),
        concat("--k: expected numbers from 1 to 1000 between commas, got '", text, "'").c_str(),
        UsageError);
  }
}

TEST_CASE("cutoffs: metrics at them, and their intervals") {
  const std::vector<std::int32_t> ranks{1, 3, 4, 90, 101};
  const Cutoffs cutoffs = Cutoffs::parse("3,100", "");
  const std::vector<MetricValue> metrics = all_metrics(ranks, cutoffs);
  REQUIRE(metrics.size() == 12);
  CHECK(metrics[0].name == "HR@3");
  CHECK(value_of(metrics, "HR@3") == doctest::Approx(0.4));
  CHECK(value_of(metrics, "HR@10") == doctest::Approx(0.6));
  CHECK(value_of(metrics, "HR@100") == doctest::Approx(0.8));
  CHECK(value_of(metrics, "MRR@3") == doctest::Approx((1.0 + 1.0 / 3.0) / 5.0));
  const auto intervals = bootstrap_intervals(ranks, {.metrics = user_metrics(cutoffs)});
  REQUIRE(intervals.size() == metrics.size());
  CHECK(intervals[2].high == 1.0);
  CHECK(intervals[2].low < 0.8);
  CHECK(intervals[0].high < 1.0);
}

TEST_CASE("cutoffs: a metric is found by its name, at any cutoff") {
  const auto metric = find_user_metric("NDCG@7");
  REQUIRE(metric.has_value());
  CHECK(metric->cutoff == 7);
  CHECK(metric->value(7) == doctest::Approx(1.0 / 3.0));
  CHECK(metric->value(8) == 0.0);
  CHECK(find_user_metric("Recall@1000").has_value());
  for (const char* name : {"",
                           "NDCG",
                           "NDCG@",
                           "NDCG@0",
                           "NDCG@1001",
                           "NDCG@07",
                           "ndcg@10",
                           "@10",
                           "HR@10 ",
                           "HR@10[uni:100]"}) {
    CHECK_FALSE(find_user_metric(name).has_value());
  }
}

}  // namespace
}  // namespace elastic::eval::cutoffs_test

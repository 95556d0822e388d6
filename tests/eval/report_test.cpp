#include "eval/report.h"

#include <doctest/doctest.h>

namespace elastic::eval {
namespace {

Ranking ranking_of(std::vector<std::int32_t> ranks, std::vector<std::int32_t> lengths) {
  Ranking ranking;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    ranking.users.push_back(static_cast<std::int32_t>(i));
    ranking.targets.push_back(static_cast<std::int32_t>(i + 1));
  }
  ranking.repeated.resize(ranks.size(), false);
  ranking.ranks = std::move(ranks);
  ranking.history_lengths = std::move(lengths);
  ranking.listed = {0, 30, 10, 0, 0};
  return ranking;
}

// The head is item 1 alone, whose 10 of 18 training events are more than a third; item 4 has none.
const std::vector<std::int64_t> kItemCounts{0, 10, 6, 2, 0};

Report small_report() {
  Protocol protocol;
  protocol.subset = "test";
  protocol.users = 4;
  protocol.items = 4;
  protocol.build = {{"version", "1"}};
  return make_report(ranking_of({1, 20, 3, 1}, {20, 21, 30, 900}),
                     ranking_of({50, 1, 70, 80}, {20, 21, 30, 900}),
                     kItemCounts,
                     protocol);
}

TEST_CASE("report: buckets by history length, empty ones left out") {
  const Report report = small_report();
  REQUIRE(report.buckets.size() == 3);
  CHECK(report.buckets[0].from == 1);
  CHECK(report.buckets[0].to == 20);
  CHECK(report.buckets[0].users == 1);
  CHECK(report.buckets[0].hit_at_10 == 1.0);
  CHECK(report.buckets[1].users == 2);
  CHECK(report.buckets[1].hit_at_10 == 0.5);
  CHECK(report.buckets[1].popularity_hit_at_10 == 0.5);
  CHECK(report.buckets[2].from == 501);
  CHECK(report.buckets[2].to == 0);
}

TEST_CASE("report: buckets include the lengths at both of their ends") {
  const std::vector<std::int32_t> lengths{1, 20, 21, 50, 51, 100, 101, 200, 201, 500, 501, 9999};
  Ranking ranking = ranking_of(std::vector<std::int32_t>(lengths.size(), 1), lengths);
  std::fill(ranking.targets.begin(), ranking.targets.end(), 1);
  const Report report = make_report(ranking, ranking, kItemCounts, {});
  REQUIRE(report.buckets.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(report.buckets[i].users == 2);
    CHECK(report.buckets[i].from == (i == 0 ? 1 : lengths[2 * i]));
    CHECK(report.buckets[i].to == (i == 5 ? 0 : lengths[2 * i + 1]));
    CHECK(report.buckets[i].ndcg_at_10 == 1.0);
    CHECK(report.buckets[i].popularity_ndcg_at_10 == 1.0);
  }
}

TEST_CASE("report: new and repeated targets are apart") {
  Ranking ranking = ranking_of({1, 20, 3, 1}, {20, 21, 30, 900});
  const Ranking popularity = ranking_of({50, 1, 70, 1}, {20, 21, 30, 900});
  ranking.repeated = {false, true, false, true};
  ranking.targets_before_rules = {6, 2};
  const Report report = make_report(ranking, popularity, kItemCounts, {});
  REQUIRE(report.repeat_buckets.size() == 2);
  CHECK(!report.repeat_buckets[0].repeated);
  CHECK(report.repeat_buckets[0].users == 2);
  CHECK(report.repeat_buckets[0].hit_at_10 == 1.0);
  CHECK(report.repeat_buckets[0].popularity_hit_at_10 == 0.0);
  CHECK(report.repeat_buckets[1].repeated);
  CHECK(report.repeat_buckets[1].hit_at_10 == 0.5);
  CHECK(report.repeat_buckets[1].ndcg_at_10 == 0.5);
  CHECK(report.repeat_buckets[1].popularity_ndcg_at_10 == 1.0);
  const auto json = to_json(report);
  CHECK(json["repeated_targets"] == 2);
  CHECK(json["new_targets"] == 4);
}

TEST_CASE("report: buckets by the held-out item's popularity") {
  const Report report = small_report();
  REQUIRE(report.popularity_buckets.size() == 4);
  const PopularityBucket& head = report.popularity_buckets[0];
  CHECK(head.group == PopularityGroup::kHead);
  CHECK(head.items == 1);
  CHECK(head.users == 1);
  CHECK(head.hit_at_10 == 1.0);
  const PopularityBucket& mid = report.popularity_buckets[1];
  CHECK(mid.group == PopularityGroup::kMid);
  CHECK(mid.fewest == 6);
  CHECK(mid.most == 9);
  CHECK(mid.users == 1);
  CHECK(mid.items == 1);
  CHECK(mid.hit_at_10 == 0.0);
  CHECK(mid.ndcg_at_10 == 0.0);
  CHECK(mid.popularity_hit_at_10 == 1.0);
  CHECK(mid.popularity_ndcg_at_10 == 1.0);
  CHECK(report.popularity_buckets[2].group == PopularityGroup::kTail);
  CHECK(report.popularity_buckets[2].most == 5);
  CHECK(report.popularity_buckets[3].group == PopularityGroup::kCold);
  CHECK(report.cold_items == 1);
}

TEST_CASE("report: names of sampled metrics contain their rule") {
  Ranking ranking = ranking_of({30, 40}, {5, 5});
  Ranking popularity = ranking_of({1, 1}, {5, 5});
  ranking.sampled = {{"uni:100", {1, 3}, 1}};
  popularity.sampled = {{"uni:100", {50, 11}, 1}};
  const Report report = make_report(ranking, popularity, kItemCounts, {});
  CHECK(value_of(report, "HR@10") == 0.0);
  CHECK(value_of(report, "NDCG@10[uni:100]") == 0.75);
  const auto json = to_json(report);
  CHECK(json["sampled"][0]["metrics"]["HR@1[uni:100]"] == 0.5);
  CHECK(json["sampled"][0]["popularity"]["HR@10[uni:100]"] == 0.0);
  CHECK(json["sampled"][0]["short_users"] == 1);
  CHECK(json["protocol"]["sampled_negatives"]["note"] ==
        "not comparable with a ranking of all items");
  const auto names = metric_names({"uni:100"});
  CHECK(names.size() == 40);
  CHECK(names.back() == "Recall@50[uni:100]");
}

TEST_CASE("report: JSON contains metrics, intervals, popularity, coverage and protocol") {
  const auto json = to_json(small_report());
  CHECK(json["schema_version"] == kReportSchemaVersion);
  CHECK(json["metrics"]["HR@10"] == 0.75);
  CHECK(json["metrics"]["NDCG@10"] == 0.625);
  CHECK(json["metrics"]["MRR@10"] == 0.583333);
  CHECK(json["metrics"].size() == 20);
  CHECK(json["intervals"]["HR@10"].size() == 2);
  CHECK(json["popularity"]["HR@10"] == 0.25);
  CHECK(json["coverage@10"] == 0.5);
  CHECK(json["mean_popularity@10"] == 9.0);
  CHECK(json["cold_items"] == 1);
  CHECK(json["cold_users"] == 0);
  CHECK_FALSE(json.contains("sampled"));
  CHECK(json["by_history_length"][2]["to"].is_null());
  CHECK(json["protocol"]["users"] == 4);
  CHECK(json["protocol"]["ties"] == "count against the model");
  CHECK(json["protocol"]["build"]["version"] == "1");
}

TEST_CASE("report: a comparison has differences with intervals") {
  Report report = small_report();
  CHECK_FALSE(to_json(report).contains("against"));
  for (const char* run : {"runs/b", "runs/c"}) {
    report.against.push_back(
        compare(ranking_of({1, 1, 3}, {5, 5, 5}), ranking_of({20, 1, 3}, {5, 5, 5}), run, 1));
  }
  const auto json = to_json(report);
  CHECK(json["against"].size() == 2);
  CHECK(json["against"][1]["run"] == "runs/c");
  CHECK(json["against"][0]["run"] == "runs/b");
  CHECK(json["against"][0]["differences"]["HR@10"] == 0.333333);
  CHECK(json["against"][0]["intervals"]["HR@10"][0] == 0.0);
}

TEST_CASE("report: rankings of different users cannot be compared") {
  CHECK_THROWS(make_report(ranking_of({1}, {5}), ranking_of({1, 2}, {5, 6}), kItemCounts, {}));
}

}  // namespace
}  // namespace elastic::eval

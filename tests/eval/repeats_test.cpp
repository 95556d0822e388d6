#include "eval/repeats.h"

#include <doctest/doctest.h>

#include "eval/evaluator.h"
#include "eval/fixture.h"
#include "eval/report.h"
#include "model/registry.h"

namespace elastic::eval {
namespace {

using Ranks = std::vector<std::int32_t>;

// The first user's test item, 1, is in the history; the others' items, 4 and 2, are new.
const Sequences kSequences{{1, 2, 3, 1}, {2, 3, 1, 4}, {4, 5, 4, 2}};
constexpr std::int32_t kItems = 6;

// Scores all items equally, so that every target has the last place among the ranked items.
std::unique_ptr<Model> level_model(std::int32_t num_items) {
  ModelConfig config;
  config.model = "softmax";
  config.dim = 8;
  config.num_heads = 2;
  config.num_layers = 1;
  config.ffn_dim = 16;
  config.max_len = 6;
  config.num_items = num_items;
  auto model = make_model(config, 5);
  Tensor& table = model->item_table().mutable_value();
  table = zeros_like(table);
  return model;
}

struct Case {
  RankingRules rules;
  std::vector<std::int32_t> users;
  Ranks ranks;               ///< by the level model
  Ranks by_popularity;       ///< items 1 to 4 occur twice in the histories, 5 once, 6 never
  Ranks sampled;             ///< by the level model, among at most three negatives
  Ranks sampled_popularity;  ///< among {4, 5, 6}, {5, 6} and {1, 3, 6}
};

const std::vector<Case> kCases{
    {{true, Repeats::kCount}, {0, 1, 2}, {4, 3, 4}, {2, 1, 3}, {4, 3, 4}, {2, 1, 3}},
    {{true, Repeats::kMiss},
     {0, 1, 2},
     {kMissRank, 3, 4},
     {kMissRank, 1, 3},
     {kMissRank, 3, 4},
     {kMissRank, 1, 3}},
    {{true, Repeats::kDrop}, {1, 2}, {3, 4}, {1, 3}, {3, 4}, {1, 3}},
    {{true, Repeats::kOnly}, {0}, {4}, {2}, {4}, {2}},
    {{false, Repeats::kCount}, {0, 1, 2}, {6, 6, 6}, {4, 4, 4}, {4, 3, 4}, {2, 1, 3}},
    {{false, Repeats::kMiss},
     {0, 1, 2},
     {kMissRank, 6, 6},
     {kMissRank, 4, 4},
     {kMissRank, 3, 4},
     {kMissRank, 1, 3}},
    {{false, Repeats::kDrop}, {1, 2}, {6, 6}, {4, 4}, {3, 4}, {1, 3}},
    {{false, Repeats::kOnly}, {0}, {6}, {4}, {4}, {2}}};

TEST_CASE("repeats: ranks of new and of repeated targets under each rule") {
  const data::Split split = make_split(kSequences, kItems);
  const auto model = level_model(kItems);
  const std::vector<NegativeSampler> samplers{
      NegativeSampler(split, {SamplingRule::Kind::kUniform, 3}, 0)};
  for (const Case& one : kCases) {
    CAPTURE(choice_name(one.rules.repeats));
    CAPTURE(one.rules.filter_seen);
    EvalOptions options;
    options.rules = one.rules;
    options.samplers = samplers;
    const Ranking ranking = rank_users(*model, split, data::Subset::kTest, options);
    const Ranking popularity = popularity_ranking(split, data::Subset::kTest, options);
    CHECK(ranking.users == one.users);
    CHECK(popularity.users == one.users);
    CHECK(ranking.ranks == one.ranks);
    CHECK(popularity.ranks == one.by_popularity);
    CHECK(ranking.sampled[0].ranks == one.sampled);
    CHECK(popularity.sampled[0].ranks == one.sampled_popularity);
    // Both counts include the targets that the rule leaves out.
    CHECK(ranking.targets_before_rules.all == 3);
    CHECK(ranking.targets_before_rules.repeated == 1);
    CHECK(ranking.num_repeated() == (one.rules.repeats == Repeats::kDrop ? 0 : 1));
  }
}

TEST_CASE("repeats: a miss has no gain at any cutoff, even if fewer items are ranked") {
  const data::Split split = make_split(kSequences, kItems);
  EvalOptions options;
  options.rules.repeats = Repeats::kMiss;
  const Ranking ranking = popularity_ranking(split, data::Subset::kTest, options);
  CHECK(hit_at_k(ranking.ranks, 50) == doctest::Approx(2.0 / 3.0));
  CHECK(value_of(all_metrics(ranking.ranks), "HR@50") == doctest::Approx(2.0 / 3.0));
  CHECK(value_of(all_metrics(ranking.ranks), "MRR@50") == doctest::Approx((1.0 + 1.0 / 3.0) / 3.0));
}

TEST_CASE("repeats: if repeated targets are misses, the lists leave them out like predict") {
  const data::Split split = make_split(kSequences, kItems);
  const auto model = level_model(kItems);
  EvalOptions options;
  options.lists = true;
  // The lists of the first user, whose target is item 1, and of the third, to whom it is new.
  CHECK(rank_users(*model, split, data::Subset::kTest, options).listed[1] == 2);
  options.rules.repeats = Repeats::kMiss;
  CHECK(rank_users(*model, split, data::Subset::kTest, options).listed[1] == 1);
  options.rules.filter_seen = false;
  CHECK(rank_users(*model, split, data::Subset::kTest, options).listed[1] == 3);
}

TEST_CASE("repeats: a target may be repeated and without training events at once") {
  // The test item of the first user was the validation item before, and nothing else.
  const data::Split split = make_split({{1, 2, 6, 6}, {1, 2, 3, 4}}, 6);
  const auto model = level_model(6);
  EvalOptions options;
  CHECK(rank_users(*model, split, data::Subset::kTest, options).ranks[0] == 4);
  CHECK(rank_users(*model, split, data::Subset::kTest, options).repeated[0]);
  CHECK_FALSE(rank_users(*model, split, data::Subset::kValidation, options).repeated[0]);
  options.rules.repeats = Repeats::kMiss;
  CHECK(rank_users(*model, split, data::Subset::kTest, options).ranks[0] == kMissRank);
}

TEST_CASE("repeats: targets are counted per subset, for histories of at least a length") {
  const data::Split split = make_split({{1, 2, 1, 3}, {1, 2, 3, 3, 1}, {2, 1}}, 4);
  CHECK(count_targets(split, data::Subset::kValidation).all == 2);
  CHECK(count_targets(split, data::Subset::kValidation).repeated == 2);
  CHECK(count_targets(split, data::Subset::kTest).all == 2);
  CHECK(count_targets(split, data::Subset::kTest).share() == 0.5);
  CHECK(count_targets(split, data::Subset::kTest, 4).all == 1);
  CHECK(count_targets(split, data::Subset::kTest, 4).share() == 1.0);
  CHECK(count_targets(split, data::Subset::kTest, 5).share() == 0.0);
}

TEST_CASE("repeats: metrics of new and of repeated targets are apart") {
  Ranking ranking;
  ranking.ranks = {1, 11, 3, 1};
  ranking.repeated = {false, false, true, true};
  const std::vector<MetricValue> metrics = metrics_by_repeat(ranking);
  REQUIRE(metrics.size() == 4);
  CHECK(value_of(metrics, "HR@10[new]") == 0.5);
  CHECK(value_of(metrics, "NDCG@10[new]") == 0.5);
  CHECK(value_of(metrics, "HR@10[repeated]") == 1.0);
  CHECK(value_of(metrics, "NDCG@10[repeated]") == 0.75);
  ranking.repeated = {false, false, false, false};
  CHECK(metrics_by_repeat(ranking).empty());
  ranking.repeated = {true, true, true, true};
  CHECK(metrics_by_repeat(ranking).size() == 2);
}

TEST_CASE("repeats: the report has both groups, the counts and the rule") {
  const data::Split split = make_split(kSequences, kItems);
  EvalOptions options;
  options.rules = {false, Repeats::kMiss};
  const Ranking ranking = popularity_ranking(split, data::Subset::kTest, options);
  Protocol protocol;
  protocol.rules = options.rules;
  const Report report =
      make_report(ranking, ranking, split.popularity(data::Subset::kTest), protocol);
  REQUIRE(report.repeat_buckets.size() == 2);
  CHECK(report.repeat_buckets[0].users == 2);
  CHECK(report.repeat_buckets[0].hit_at_10 == 1.0);
  CHECK(report.repeat_buckets[1].users == 1);
  CHECK(report.repeat_buckets[1].hit_at_10 == 0.0);
  const auto json = to_json(report);
  CHECK(json["new_targets"] == 2);
  CHECK(json["repeated_targets"] == 1);
  CHECK(json["by_repeat"][0]["targets"] == "new");
  CHECK(json["by_repeat"][0]["popularity"]["HR@10"] == 1.0);
  CHECK(json["by_repeat"][1]["targets"] == "repeated");
  CHECK(json["by_repeat"][1]["users"] == 1);
  CHECK(json["protocol"]["repeats"] == "miss");
  CHECK(json["protocol"]["filter_seen"] == false);
}

}  // namespace
}  // namespace elastic::eval

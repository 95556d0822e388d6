#include "eval/negatives.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "eval/evaluator.h"
#include "eval/fixture.h"
#include "model/registry.h"

namespace elastic::eval {
namespace {

using Kind = SamplingRule::Kind;

bool is_own(const data::Split& split, std::int32_t user, std::int32_t item) {
  const auto events = split.dataset().sequence(user);
  return std::find(events.begin(), events.end(), item) != events.end();
}

TEST_CASE("negatives: rules are parsed, and bad ones refused with the expected form") {
  const auto rules = parse_sampling("uni:100,pop:7", "--sampled");
  CHECK(rules == std::vector<SamplingRule>{{Kind::kUniform, 100}, {Kind::kPopularity, 7}});
  CHECK(rules[1].name() == "pop:7");
  CHECK(parse_sampling("", "--sampled").empty());
  for (const char* text : {"uni", "uni:", "uni:0", "uni:x", "all:3", "uni:3,", "uni:3,uni:3"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_sampling(text, "--sampled"), UsageError);
  }
}

TEST_CASE("negatives: drawn items are distinct, ascending and not the user's own") {
  const data::Split split = make_split(random_sequences(60, 25, 40), 40);
  for (const Kind kind : {Kind::kUniform, Kind::kPopularity}) {
    const NegativeSampler sampler(split, {kind, 12}, 3);
    for (std::int32_t user = 0; user < split.num_users(); ++user) {
      const auto drawn = sampler.draw(user);
      CHECK(drawn.size() == 12);
      CHECK(sampler.num_drawn(user) == 12);
      CHECK(std::adjacent_find(drawn.begin(), drawn.end(), std::greater_equal<>()) == drawn.end());
      CHECK(drawn.front() >= 1);
      CHECK(drawn.back() <= 40);
      CHECK(std::none_of(drawn.begin(), drawn.end(), [&](std::int32_t item) {
        return is_own(split, user, item);
      }));
      CHECK(drawn == sampler.draw(user));
    }
    CHECK(sampler.draw(0) != NegativeSampler(split, {kind, 12}, 4).draw(0));
  }
}

TEST_CASE("negatives: a user who has seen nearly all items gets the remaining ones") {
  // User 0 lacks 5 and 6; 6 has no training event.
  const data::Split split = make_split({{1, 2, 3, 4}, {5, 1, 1}, {1, 2, 6}}, 6);
  const NegativeSampler uniform(split, {Kind::kUniform, 3}, 1);
  CHECK(uniform.draw(0) == std::vector<std::int32_t>{5, 6});
  CHECK(uniform.num_drawn(0) == 2);
  const NegativeSampler popular(split, {Kind::kPopularity, 3}, 1);
  CHECK(popular.draw(0) == std::vector<std::int32_t>{5});
  CHECK(popular.num_drawn(0) == 1);
}

// The share of 20,000 users, whose only own item is 1, for which each item is the one negative.
std::vector<double> shares(Kind kind, const Sequences& others, std::int32_t num_items) {
  Sequences sequences(20000, {1});
  sequences.insert(sequences.end(), others.begin(), others.end());
  const data::Split split = make_split(sequences, num_items);
  const NegativeSampler sampler(split, {kind, 1}, 9);
  std::vector<double> shares(static_cast<std::size_t>(num_items) + 1);
  for (std::int32_t user = 0; user < 20000; ++user) {
    shares[static_cast<std::size_t>(sampler.draw(user).front())] += 1.0 / 20000;
  }
  return shares;
}

TEST_CASE("negatives: items are drawn with the probabilities of the rule") {
  // Both events of a user with two are for training: items 2, 3 and 4 have 2, 4 and 8 events.
  const Sequences others{{2, 2}, {3, 3}, {3, 3}, {4, 4}, {4, 4}, {4, 4}, {4, 4}};
  const auto uniform = shares(Kind::kUniform, others, 5);
  for (std::size_t item = 2; item <= 5; ++item) {
    CHECK(std::abs(uniform[item] - 0.25) < 0.015);
  }
  // Almost every draw is item 1 here, so the weighted pass takes over.
  const auto popular = shares(Kind::kPopularity, others, 5);
  CHECK(std::abs(popular[2] - 2.0 / 14) < 0.015);
  CHECK(std::abs(popular[3] - 4.0 / 14) < 0.015);
  CHECK(std::abs(popular[4] - 8.0 / 14) < 0.015);
  CHECK(popular[5] == 0.0);
}

TEST_CASE("negatives: drawn one by one, the first item follows popularity") {
  // No rejections: two events per user, items 1 to 4 have 2, 4, 6 and 8 training events.
  Sequences sequences{
      {1, 1}, {2, 2}, {2, 2}, {3, 3}, {3, 3}, {3, 3}, {4, 4}, {4, 4}, {4, 4}, {4, 4}};
  for (int i = 0; i < 20; ++i) {
    sequences.push_back({5, 5});
  }
  const data::Split split = make_split(sequences, 6);
  std::vector<double> share(7);
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    const NegativeSampler sampler(split, {Kind::kPopularity, 1}, seed);
    share[static_cast<std::size_t>(sampler.draw(11).front())] += 1.0 / 20000;  // a user of item 5
  }
  for (std::size_t item = 1; item <= 4; ++item) {
    CHECK(std::abs(share[item] - static_cast<double>(item) / 10) < 0.015);
  }
}

TEST_CASE(
    "negatives: ranks among samples do not depend on batches, and equal the full rank with all "
    "items") {
  const data::Split split = make_split(random_sequences(60, 12, 30), 30);
  ModelConfig config;
  config.model = "softmax";
  config.dim = 8;
  config.num_layers = 1;
  config.ffn_dim = 16;
  config.max_len = 6;
  config.num_items = 30;
  const auto model = make_model(config, 5);
  const std::vector<NegativeSampler> samplers{{split, {Kind::kUniform, 6}, 1},
                                              {split, {Kind::kUniform, 30}, 1},
                                              {split, {Kind::kPopularity, 6}, 1}};
  EvalOptions options;
  options.samplers = samplers;
  const Ranking ranking = rank_users(*model, split, data::Subset::kTest, options);
  options.batch_tokens = 3;
  const Ranking again = rank_users(*model, split, data::Subset::kTest, options);
  REQUIRE(ranking.sampled.size() == 3);
  CHECK(ranking.sampled[0].candidates == "uni:6");
  CHECK(ranking.sampled[0].short_users == 0);
  CHECK(ranking.sampled[1].short_users == static_cast<std::int64_t>(ranking.users.size()));
  for (std::size_t s = 0; s < 3; ++s) {
    CHECK(ranking.sampled[s].ranks == again.sampled[s].ranks);
  }
  const Ranking popularity = popularity_ranking(split, data::Subset::kTest, options);
  for (std::size_t i = 0; i < ranking.users.size(); ++i) {
    CHECK(ranking.sampled[0].ranks[i] <= ranking.ranks[i]);
    CHECK(ranking.sampled[1].ranks[i] == ranking.ranks[i]);  // with all unseen items as candidates
    CHECK(popularity.sampled[1].ranks[i] == popularity.ranks[i]);
    CHECK(ranking.sampled[2].ranks[i] <= 7);
  }
}

}  // namespace
}  // namespace elastic::eval

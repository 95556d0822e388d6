#include "eval/evaluator.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "eval/fixture.h"
#include "eval/item_popularity.h"
#include "eval/metrics.h"
#include "eval/repeats.h"
#include "model/registry.h"

namespace elastic::eval {
namespace {

ModelConfig small_config(std::int64_t num_items) {
  ModelConfig config;
  config.model = "softmax";
  config.dim = 8;
  config.num_heads = 2;
  config.num_layers = 1;
  config.ffn_dim = 16;
  config.max_len = 6;
  config.num_items = num_items;
  return config;
}

// Ranks by the definition of the protocol, user by user and item by item.
std::int32_t rank_plainly(Model& model,
                          const data::Split& split,
                          std::int32_t user,
                          data::Subset subset,
                          bool filter_seen) {
  const NoGrad no_grad;
  const auto history = split.history(user, subset);
  data::BatchBuilder builder;
  builder.add(history, model.config().max_len);
  const auto hidden =
      model.encode_last(builder.build(Device::kCpu), {}).states.value().to_vector<float>();
  const auto table = model.item_table().value().to_vector<float>();
  const auto score = [&](std::int32_t item) {
    double sum = 0.0;
    for (std::size_t d = 0; d < hidden.size(); ++d) {
      sum += double{hidden[d]} * double{table[static_cast<std::size_t>(item) * hidden.size() + d]};
    }
    return sum;
  };
  const std::int32_t target = split.target(user, subset);
  const std::set<std::int32_t> seen(history.begin(), history.end());
  const auto counts = training_counts(split);
  const bool is_cold = counts[static_cast<std::size_t>(target)] == 0;
  std::int32_t rank = 1;
  for (std::int32_t item = 1; item <= split.num_items(); ++item) {
    const bool left_out = item == target || (filter_seen && seen.count(item) > 0);
    rank += !left_out && (is_cold || score(item) >= score(target)) ? 1 : 0;
  }
  return rank;
}

TEST_CASE("evaluator: ranks follow the protocol, for any batch size") {
  const data::Split split = make_split(random_sequences(40, 12, 30), 30);
  const auto model = make_model(small_config(30), 5);
  for (const data::Subset subset : {data::Subset::kValidation, data::Subset::kTest}) {
    for (const bool filter_seen : {true, false}) {
      for (const std::int64_t batch_tokens : {1, 7, 100000}) {
        CAPTURE(filter_seen);
        CAPTURE(batch_tokens);
        const Ranking ranking =
            rank_users(*model, split, subset, {{.filter_seen = filter_seen}, batch_tokens});
        REQUIRE(ranking.users.size() == split.eval_users(subset).size());
        CHECK(std::is_sorted(ranking.users.begin(), ranking.users.end()));
        for (std::size_t i = 0; i < ranking.users.size(); ++i) {
          const std::int32_t user = ranking.users[i];
          CHECK(ranking.ranks[i] == rank_plainly(*model, split, user, subset, filter_seen));
          CHECK(ranking.history_lengths[i] ==
                static_cast<std::int32_t>(split.history(user, subset).size()));
        }
      }
    }
  }
}

TEST_CASE("evaluator: a model with equal scores for all items ranks every target last") {
  const data::Split split = make_split({{1, 2, 3}, {4, 5, 6, 7}, {1, 1, 1}}, 9);
  const auto model = make_model(small_config(9), 5);
  Tensor& table = model->item_table().mutable_value();
  table = zeros_like(table);
  CHECK(rank_users(*model, split, data::Subset::kTest, {.rules = {.filter_seen = false}}).ranks ==
        std::vector<std::int32_t>{9, 9, 9});
  // The users have seen two, three and no other items; a held-out item seen before is still ranked.
  CHECK(rank_users(*model, split, data::Subset::kTest).ranks == std::vector<std::int32_t>{7, 6, 9});
}

TEST_CASE("evaluator: states that are not finite are an error, not ranks") {
  const data::Split split = make_split({{1, 2, 3}, {4, 5, 6, 7}, {1, 1, 1}}, 9);
  const auto model = make_model(small_config(9), 5);
  fill(model->parameters().find("final_norm.bias").mutable_value(),
       std::numeric_limits<double>::infinity());
  CHECK_THROWS_AS(rank_users(*model, split, data::Subset::kTest), NotANumberError);
}

TEST_CASE("evaluator: an item without training events is a miss, whatever its score") {
  // Item 6 is the first user's held-out item and occurs nowhere else; item 3 occurs in training.
  const data::Split split = make_split({{1, 2, 3, 4, 6}, {4, 5, 1, 3}}, 6);
  const auto model = make_model(small_config(6), 5);
  for (const bool filter_seen : {true, false}) {
    const EvalOptions options{.rules = {.filter_seen = filter_seen}};
    const Ranking ranking = rank_users(*model, split, data::Subset::kTest, options);
    REQUIRE(ranking.targets == std::vector<std::int32_t>{6, 3});
    CHECK(ranking.ranks[0] == (filter_seen ? 2 : 6));
    CHECK(popularity_ranking(split, data::Subset::kTest, options).ranks[0] ==
          (filter_seen ? 2 : 6));
    CHECK(ranking.ranks[1] == rank_plainly(*model, split, 1, data::Subset::kTest, filter_seen));
  }
}

TEST_CASE("evaluator: min_history leaves out users with shorter histories, and only these") {
  const data::Split split = make_split(random_sequences(50, 40, 30), 30);
  const auto model = make_model(small_config(30), 5);
  for (const data::Subset subset : {data::Subset::kTest, data::Subset::kValidation}) {
    const Ranking all = rank_users(*model, split, subset);
    Ranking want;
    for (std::size_t i = 0; i < all.users.size(); ++i) {
      if (all.history_lengths[i] >= 12) {
        want.users.push_back(all.users[i]);
        want.ranks.push_back(all.ranks[i]);
      }
    }
    CHECK(want.users.size() > 5);
    CHECK(want.users.size() < all.users.size());
    const Ranking some = rank_users(*model, split, subset, {.min_history = 12});
    CHECK(some.users == want.users);
    CHECK(some.ranks == want.ranks);
    CHECK(popularity_ranking(split, subset, {.min_history = 12}).users == want.users);
    CHECK(rank_users(*model, split, subset, {.min_history = 1000}).users.empty());
  }
}

TEST_CASE("evaluator: min_history includes users with as many events") {
  const data::Split split = make_split({{1, 2, 3, 4}, {1, 2, 3, 4, 5}, {1, 2, 3, 4, 5, 2}}, 6);
  const auto model = make_model(small_config(6), 5);
  // The histories before the test have 3, 4 and 5 events.
  for (const auto& [least, users] : {std::pair<std::int64_t, std::int64_t>{3, 3}, {4, 2}, {5, 1}}) {
    const EvalOptions options{.min_history = least};
    CHECK(std::ssize(rank_users(*model, split, data::Subset::kTest, options).users) == users);
    CHECK(count_targets(split, data::Subset::kTest, least).all == users);
    CHECK(count_targets(split, data::Subset::kTest, least).repeated == 1);
  }
}

TEST_CASE("evaluator: lists count the occurrences of each item in the top 10") {
  const data::Split split = make_split(random_sequences(50, 6, 25), 25);
  const auto model = make_model(small_config(25), 5);
  EvalOptions options;
  CHECK(rank_users(*model, split, data::Subset::kTest, options).listed.empty());
  options.lists = true;
  const Ranking small = rank_users(*model, split, data::Subset::kTest, options);
  options.batch_tokens = 3;
  const Ranking many = rank_users(*model, split, data::Subset::kTest, options);
  REQUIRE(small.listed.size() == 26);
  CHECK(small.listed == many.listed);
  // Each user has at least 25 - 5 items to rank, so every list is full.
  const auto entries = std::accumulate(small.listed.begin(), small.listed.end(), std::int64_t{0});
  CHECK(entries == kListLength * static_cast<std::int64_t>(small.users.size()));
  CHECK(small.listed[0] == 0);
  CHECK(coverage(small.listed) * 25 >= kListLength);
}

// A model whose states depend on the retrieved experts: the pool's rows are large.
std::unique_ptr<Model> model_with_loud_experts(const std::string& name, std::int64_t num_items) {
  ModelConfig config = small_config(num_items);
  config.model = name;
  config.num_experts = 2;
  config.retrieval.pool_subkeys = 4;
  config.retrieval.key_dim = 8;
  config.retrieval.heads = 1;
  config.window = 2;
  auto model = make_model(config, 5);
  Tensor values = model->parameters().find("imr.memory").value();
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    values.data<float>()[i] *= 20.0F;
  }
  return model;
}

TEST_CASE("evaluator: swapped experts are those of the batch's next user") {
  for (const std::string name : {"elastic", "elastic-window"}) {
    CAPTURE(name);
    const data::Split split = make_split(random_sequences(40, 12, 30), 30);
    const auto model = model_with_loud_experts(name, 30);
    const Ranking own = rank_users(*model, split, data::Subset::kTest);
    const Ranking swapped = rank_users(*model, split, data::Subset::kTest, {.swap_experts = true});
    CHECK(swapped.users == own.users);
    CHECK(swapped.ranks != own.ranks);
    // No user is alone in a batch, however small batches are to be.
    const Ranking pairs =
        rank_users(*model, split, data::Subset::kTest, {.batch_tokens = 1, .swap_experts = true});
    std::size_t same = 0;
    for (std::size_t i = 0; i < own.ranks.size(); ++i) {
      same += pairs.ranks[i] == own.ranks[i] ? 1 : 0;
    }
    CHECK(2 * same < own.ranks.size());
    // Equal histories retrieve equal experts.
    const data::Split twins = make_split({{1, 2, 3, 4}, {1, 2, 3, 4}}, 30);
    CHECK(rank_users(*model, twins, data::Subset::kTest, {.swap_experts = true}).ranks ==
          rank_users(*model, twins, data::Subset::kTest).ranks);
  }
}

TEST_CASE("evaluator: without users the ranking is empty") {
  const data::Split split = make_split({{1, 2}, {3}}, 4);
  const auto model = make_model(small_config(4), 5);
  CHECK(rank_users(*model, split, data::Subset::kTest).users.empty());
  CHECK(popularity_ranking(split, data::Subset::kTest).users.empty());
}

TEST_CASE("popularity: counts events of the histories, ties count against") {
  // For the test, item 1 occurs 3 times in the histories, 2 twice, 3 and 4 once, 5 never; all
  // events of the short user are for training.
  const data::Split split = make_split({{1, 2, 3, 4}, {2, 1, 5}, {4, 1}}, 5);
  CHECK(popularity_ranking(split, data::Subset::kTest, {.rules = {.filter_seen = false}}).ranks ==
        std::vector<std::int32_t>{4, 5});
  CHECK(popularity_ranking(split, data::Subset::kTest).ranks == std::vector<std::int32_t>{1, 3});
  // For the validation: 1 twice, 2 twice, 4 once; the targets are 3 (tied with 5 at zero) and 1.
  CHECK(popularity_ranking(split, data::Subset::kValidation, {.rules = {.filter_seen = false}})
            .ranks == std::vector<std::int32_t>{5, 2});
}

}  // namespace
}  // namespace elastic::eval

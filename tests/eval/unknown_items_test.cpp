#include "eval/unknown_items.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "eval/evaluator.h"
#include "eval/fixture.h"
#include "model/registry.h"

namespace elastic::eval::unknown_items_test {
namespace {

constexpr std::int32_t kKnown = 20;

ModelConfig config_of(std::int64_t num_items) {
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

// The sequence without items above kKnown before its last one.
std::vector<std::int32_t> without_unknown(const std::vector<std::int32_t>& sequence) {
  std::vector<std::int32_t> known;
  for (std::size_t i = 0; i < sequence.size(); ++i) {
    if (sequence[i] <= kKnown || i + 1 == sequence.size()) {
      known.push_back(sequence[i]);
    }
  }
  return known;
}

TEST_CASE("unknown items: ranks are those of the log without them, and misses") {
  Sequences sequences = random_sequences(60, 12, kKnown + 10);
  sequences.push_back({kKnown + 1, kKnown + 2, kKnown + 1, 4});
  const data::Split split = make_split(sequences, kKnown + 10);
  const auto model = make_model(config_of(kKnown), 5);
  for (const bool filter_seen : {true, false}) {
    for (const std::int64_t batch_tokens : {1, 100000}) {
      EvalOptions options{{.filter_seen = filter_seen}, batch_tokens, /*lists=*/true};
      options.other_log = true;
      const Ranking ranking = rank_users(*model, split, data::Subset::kTest, options);
      REQUIRE(ranking.unknown);
      CHECK(ranking.listed.size() == kKnown + 1);
      UnknownItems expected;
      for (std::size_t i = 0; i < ranking.users.size(); ++i) {
        const auto& all = sequences[static_cast<std::size_t>(ranking.users[i])];
        const std::vector<std::int32_t> known = without_unknown(all);
        CHECK(ranking.history_lengths[i] == static_cast<std::int32_t>(all.size()) - 1);
        expected.history_events += std::ssize(all) - 1;
        expected.events += std::ssize(all) - std::ssize(known);
        expected.targets += all.back() > kKnown ? 1 : 0;
        expected.histories += known.size() == 1 ? 1 : 0;
        if (all.back() > kKnown || known.size() == 1) {
          CHECK(ranking.ranks[i] == kMissRank);
          continue;
        }
        // Leave-one-out needs three events, so a history of one is repeated.
        std::vector<std::int32_t> alone = known;
        if (alone.size() == 2) {
          continue;
        }
        EvalOptions usual = options;
        usual.other_log = false;
        // A user of all items makes none of them cold.
        std::vector<std::int32_t> everything(kKnown + 2, 1);
        for (std::int32_t item = 1; item <= kKnown; ++item) {
          everything[static_cast<std::size_t>(item - 1)] = item;
        }
        const Ranking one =
            rank_users(*model, make_split({alone, everything}, kKnown), data::Subset::kTest, usual);
        CHECK(ranking.ranks[i] == one.ranks.front());
      }
      CHECK(expected.targets > 0);
      CHECK(expected.histories > 0);
      CHECK(ranking.unknown->targets == expected.targets);
      CHECK(ranking.unknown->histories == expected.histories);
      CHECK(ranking.unknown->events == expected.events);
      CHECK(ranking.unknown->history_events == expected.history_events);
    }
  }
}

TEST_CASE("unknown items: items without a training event of the log are ranked like others") {
  // Item 3 is held out only. A model of the same items that was trained elsewhere may know it.
  const data::Split split = make_split({{1, 2, 1, 3}, {2, 1, 2, 3}}, 3);
  const auto model = make_model(config_of(3), 5);
  EvalOptions options{{.filter_seen = false}};
  const Ranking cold = rank_users(*model, split, data::Subset::kTest, options);
  CHECK(cold.ranks == std::vector<std::int32_t>{3, 3});
  options.other_log = true;
  bool differs = false;
  for (std::uint64_t seed = 1; seed <= 20 && !differs; ++seed) {
    const auto other = make_model(config_of(3), seed);
    differs = rank_users(*other, split, data::Subset::kTest, options).ranks.front() < 3;
  }
  CHECK(differs);
}

}  // namespace
}  // namespace elastic::eval::unknown_items_test

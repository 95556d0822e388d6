#include "train/negative_sampler.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tiny_run.h"

namespace elastic::train::negative_sampler_test {
namespace {

TrainConfig config_of(const std::string& sampling) {
  TrainConfig config;
  config.loss.kind = LossKind::kSampledSoftmax;
  config.loss.negative_sampling = parse_choice<NegativeSampling>(sampling, "sampling");
  return config;
}

// Three users; item 4 of 5 occurs in no training event (the last two events of a user are held
// out).
data::Split skewed_split() {
  data::IdMap users;
  data::IdMap item_ids;
  for (const char* user : {"a", "b", "c"}) {
    users.add(user);
  }
  for (const char* item : {"1", "2", "3", "4", "5"}) {
    item_ids.add(item);
  }
  return data::Split(std::make_shared<const data::Dataset>(
      std::vector<std::int64_t>{0, 6, 10, 14},
      std::vector<std::int32_t>{1, 2, 1, 5, 4, 4, 1, 3, 2, 4, 1, 1, 5, 5},
      std::move(users),
      std::move(item_ids)));
}

TEST_CASE("negative sampler: a draw is a function of the seed and the step") {
  const data::Split split = tiny_split();
  TrainConfig config = config_of("uniform");
  const NegativeSampler sampler(split, config, 50);
  const std::vector<std::int32_t> drawn = sampler.draw(3);
  CHECK(drawn.size() == 50);
  CHECK(std::is_sorted(drawn.begin(), drawn.end()));
  CHECK(drawn == sampler.draw(3));
  CHECK(drawn == NegativeSampler(split, config, 50).draw(3));
  CHECK(drawn != sampler.draw(4));
  config.seed = 7;
  CHECK(drawn != NegativeSampler(split, config, 50).draw(3));
}

// Counts of many draws are within five standard deviations of their expectation.
TEST_CASE("negative sampler: counts of drawn items match their expectation") {
  const data::Split split = skewed_split();
  constexpr std::int64_t kNegatives = 1000;
  constexpr std::int64_t kSteps = 40;
  for (const char* sampling : {"uniform", "popularity"}) {
    CAPTURE(sampling);
    const NegativeSampler sampler(split, config_of(sampling), kNegatives);
    std::vector<double> counts(6, 0.0);
    for (std::int64_t step = 1; step <= kSteps; ++step) {
      for (const std::int32_t item : sampler.draw(step)) {
        counts[static_cast<std::size_t>(item)] += 1.0;
      }
    }
    CHECK(counts[0] == 0.0);
    double total = 0.0;
    for (std::int32_t item = 1; item <= 5; ++item) {
      CAPTURE(item);
      const double expected = kSteps * std::exp(sampler.log_expected_count(item));
      total += expected;
      CHECK(std::abs(counts[static_cast<std::size_t>(item)] - expected) <=
            5.0 * std::sqrt(expected));
    }
    CHECK(total == doctest::Approx(kSteps * kNegatives));
  }
}

TEST_CASE("negative sampler: popularity counts only training events") {
  const NegativeSampler sampler(skewed_split(), config_of("popularity"), 16);
  // Training events: 1 2 1 5 | 1 3 | 1 1.
  for (const auto& [item, count] : {std::pair{1, 5}, std::pair{2, 1}, {3, 1}, {5, 1}}) {
    CHECK(sampler.log_expected_count(item) == doctest::Approx(std::log(16.0 * count / 8.0)));
  }
  CHECK(std::isinf(sampler.log_expected_count(4)));
}

TEST_CASE("negative sampler: positions of a user's training items are found, repeated ones too") {
  using Pairs = std::vector<std::pair<std::int32_t, std::int32_t>>;  // place, first event
  const std::vector<std::int32_t> drawn{1, 2, 2, 3, 4, 5, 5};
  for (const TrainSeen seen : {TrainSeen::kKeep, TrainSeen::kExclude}) {
    TrainConfig config = config_of("uniform");
    config.loss.train_seen = seen;
    const NegativeSampler sampler(skewed_split(), config, 8);
    const auto positives = [&](std::int64_t user) {
      Pairs pairs;
      for (const auto& [place, first] : sampler.positives(user, drawn)) {
        pairs.emplace_back(place, first);
      }
      return pairs;
    };
    if (seen == TrainSeen::kExclude) {
      CHECK(positives(0) == Pairs{{0, 0}, {1, 1}, {2, 1}, {5, 3}, {6, 3}});  // events 1 2 1 5
      CHECK(positives(1) == Pairs{{0, 0}, {3, 1}});                          // 1 3
    } else {
      CHECK(positives(0) == Pairs{{0, 0}, {1, 0}, {2, 0}, {5, 0}, {6, 0}});
      CHECK(positives(1) == Pairs{{0, 0}, {3, 0}});
    }
  }
}

}  // namespace
}  // namespace elastic::train::negative_sampler_test

#include "train/examples.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

using namespace elastic::train;

namespace {

using Lengths = std::vector<std::int64_t>;

constexpr std::int64_t kWindow = 3;

ExampleOptions options_of(Supervision supervision, const char* cuts, std::int64_t max_len) {
  return {
      supervision, Cuts::parse(cuts, "cuts"), max_len, kWindow, /*window_targets=*/0, /*seed=*/7};
}

std::vector<Example> sorted(std::vector<Example> examples) {
  std::sort(examples.begin(), examples.end(), [](const Example& a, const Example& b) {
    return std::tie(a.user, a.begin, a.end) < std::tie(b.user, b.begin, b.end);
  });
  return examples;
}

std::vector<Example> make(const Lengths& lengths,
                          const ExampleOptions& options,
                          std::int64_t epoch) {
  return sorted(epoch_examples(lengths, options, epoch));
}

/// The number of times that each event of each user is a target.
std::map<std::pair<int, int>, int> count_targets(const std::vector<Example>& examples) {
  std::map<std::pair<int, int>, int> counts;
  for (const Example& example : examples) {
    for (int target = example.end - example.num_targets + 1; target <= example.end; ++target) {
      ++counts[{example.user, target}];
    }
  }
  return counts;
}

}  // namespace

TEST_CASE(
    "examples: with supervision last, cuts all visits every prefix, limited to its latest events") {
  const auto options = options_of(Supervision::kLast, "all", 2);
  const std::vector<Example> expected{
      {0, 0, 1, 1}, {0, 0, 2, 1}, {0, 1, 3, 1}, {0, 2, 4, 1}, {3, 0, 1, 1}};
  // Users 1 and 2 have no event with a history.
  CHECK(make({5, 1, 0, 2}, options, 0) == expected);
  CHECK(make({5, 1, 0, 2}, options, 9) == expected);
}

TEST_CASE("examples: cuts latest gives one example per user") {
  CHECK(make({5, 1, 2}, options_of(Supervision::kLast, "latest", 3), 0) ==
        std::vector<Example>{{0, 1, 4, 1}, {2, 0, 1, 1}});
  CHECK(make({5, 1, 2}, options_of(Supervision::kAll, "latest", 3), 0) ==
        std::vector<Example>{{0, 1, 4, 3}, {2, 0, 1, 1}});
  CHECK(make({3}, options_of(Supervision::kAll, "latest", 3), 0) ==
        std::vector<Example>{{0, 0, 2, 2}});
  CHECK(make({9, 3}, options_of(Supervision::kWindow, "latest", 5), 0) ==
        std::vector<Example>{{0, 3, 8, 3}, {1, 0, 2, 2}});
}

TEST_CASE("examples: every event but the first is a target exactly once with cuts all") {
  const Lengths lengths{2, 3, 4, 5, 6, 11, 12, 13, 100};
  for (const Supervision supervision :
       {Supervision::kLast, Supervision::kAll, Supervision::kWindow}) {
    for (const std::int64_t max_len : {1, 2, 5, 200}) {
      for (const std::int64_t epoch : {0, 1, 2, 3}) {
        CAPTURE(max_len);
        CAPTURE(epoch);
        const auto examples = make(lengths, options_of(supervision, "all", max_len), epoch);
        const auto counts = count_targets(examples);
        std::int64_t expected = 0;
        for (const std::int64_t length : lengths) {
          expected += length - 1;
        }
        CHECK(static_cast<std::int64_t>(counts.size()) == expected);
        for (const auto& [target, count] : counts) {
          CHECK(count == 1);
        }
        for (const Example& example : examples) {
          CHECK(example.length() >= 1);
          CHECK(example.length() <= max_len);
          CHECK(example.num_targets >= 1);
          CHECK(example.num_targets <= example.length());
          CHECK(example.end < lengths[static_cast<std::size_t>(example.user)]);
        }
      }
    }
  }
}

TEST_CASE("examples: a sequence that fits in one window is not cut") {
  for (const char* cuts : {"all", "2"}) {
    CHECK(make({6}, options_of(Supervision::kAll, cuts, 5), 3) ==
          std::vector<Example>{{0, 0, 5, 5}});
    CHECK(make({4}, options_of(Supervision::kWindow, cuts, 5), 3) ==
          std::vector<Example>{{0, 0, 3, 3}});
  }
}

TEST_CASE("examples: the inputs of a window are the latest events up to its end") {
  for (std::int64_t epoch = 0; epoch < 8; ++epoch) {
    for (const Example& example : make({40}, options_of(Supervision::kWindow, "all", 7), epoch)) {
      CHECK(example.begin == std::max(0, example.end - 7));
      CHECK(example.num_targets <= kWindow);
    }
    for (const Example& example : make({40}, options_of(Supervision::kWindow, "4", 7), epoch)) {
      CHECK(example.begin == std::max(0, example.end - 7));
      CHECK(example.num_targets == kWindow);
    }
  }
}

TEST_CASE("examples: with fewer targets than the window, each event is still a target once") {
  ExampleOptions options = options_of(Supervision::kWindow, "all", 7);
  options.window_targets = 2;
  for (std::int64_t epoch = 0; epoch < 8; ++epoch) {
    const auto examples = make({40, 3}, options, epoch);
    const auto counts = count_targets(examples);
    CHECK(counts.size() == 39 + 2);
    for (const auto& [target, count] : counts) {
      CHECK(count == 1);
    }
    for (const Example& example : examples) {
      CHECK(example.begin == std::max(0, example.end - 7));
      CHECK(example.num_targets <= 2);
    }
  }
}

TEST_CASE("examples: tiles begin at other offsets in each epoch and are full except at both ends") {
  std::set<std::int32_t> first_ends;
  for (std::int64_t epoch = 0; epoch < 64; ++epoch) {
    const auto examples = make({50}, options_of(Supervision::kAll, "all", 10), epoch);
    first_ends.insert(examples.front().end);
    for (std::size_t i = 1; i + 1 < examples.size(); ++i) {
      CHECK(examples[i].length() == 10);
    }
  }
  CHECK(first_ends.size() > 7);
  CHECK(*first_ends.begin() >= 1);
  CHECK(*first_ends.rbegin() <= 10);
}

TEST_CASE("examples: a number of cuts is drawn without replacement in each epoch") {
  const Lengths lengths{2, 4, 40};
  for (const Supervision supervision : {Supervision::kLast, Supervision::kAll}) {
    const auto options = options_of(supervision, "3", 1);
    const auto first = make(lengths, options, 0);
    CHECK(first.size() == 1 + 3 + 3);
    CHECK(std::adjacent_find(first.begin(), first.end()) == first.end());
    CHECK(make(lengths, options, 0) == first);
    CHECK(make(lengths, options, 1) != first);
  }
}

TEST_CASE("examples: random cuts reach every position, about equally often") {
  std::map<std::int32_t, int> counts;
  for (std::int64_t epoch = 0; epoch < 3000; ++epoch) {
    for (const Example& example : make({7}, options_of(Supervision::kLast, "2", 9), epoch)) {
      ++counts[example.end];
    }
  }
  CHECK(counts.size() == 6);
  for (const auto& [end, count] : counts) {
    CHECK(count > 850);  // expected 1000 with a standard deviation of 25.8
    CHECK(count < 1150);
  }
}

TEST_CASE("examples: the examples of a user do not depend on other users") {
  const auto options = options_of(Supervision::kLast, "2", 9);
  const auto alone = make({0, 30}, options, 4);
  auto together = make({50, 30, 8}, options, 4);
  std::erase_if(together, [](const Example& example) { return example.user != 1; });
  CHECK(together == alone);
}

TEST_CASE("examples: the order is a function of seed and epoch") {
  auto options = options_of(Supervision::kLast, "all", 9);
  const Lengths lengths{30, 30};
  const auto order = epoch_examples(lengths, options, 0);
  CHECK(epoch_examples(lengths, options, 0) == order);
  CHECK(epoch_examples(lengths, options, 1) != order);
  CHECK(order != sorted(order));
  options.seed = 8;
  CHECK(epoch_examples(lengths, options, 0) != order);
}

TEST_CASE("examples: batches are cut by sequences or by tokens") {
  using Offsets = std::vector<std::size_t>;
  const std::vector<Example> examples{{0, 0, 4}, {0, 0, 1}, {0, 0, 5}, {0, 0, 2}, {0, 0, 2}};
  CHECK(cut_batches(examples, 2, 0) == Offsets{0, 2, 4, 5});
  CHECK(cut_batches(examples, 5, 0) == Offsets{0, 5});
  CHECK(cut_batches(examples, 99, 0) == Offsets{0, 5});
  CHECK(cut_batches(examples, 1, 5) == Offsets{0, 2, 3, 5});
  CHECK(cut_batches(examples, 1, 3) == Offsets{0, 1, 2, 3, 4, 5});
  CHECK(cut_batches({}, 2, 0) == Offsets{0});
}

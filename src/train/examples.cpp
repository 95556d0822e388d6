#include "train/examples.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/random.h"

namespace elastic::train {
namespace {

// `count` different numbers of 0..bound-1, or all if there are no more, by Floyd's algorithm.
std::vector<std::int64_t> draw(RandomStream& random, std::int64_t bound, std::int64_t count) {
  std::vector<std::int64_t> chosen;
  std::unordered_set<std::int64_t> seen;
  for (std::int64_t next = std::max<std::int64_t>(0, bound - count); next < bound; ++next) {
    const auto candidate =
        count >= bound
            ? next
            : static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(next) + 1));
    const std::int64_t value = seen.insert(candidate).second ? candidate : next;
    seen.insert(value);
    chosen.push_back(value);
  }
  return chosen;
}

// Appends the examples of one user in one epoch.
class UserExamples {
 public:
  UserExamples(const ExampleOptions& options,
               std::int64_t epoch,
               std::int64_t user,
               std::vector<Example>& examples)
      : options_(options),
        user_(static_cast<std::int32_t>(user)),
        random_(options.seed,
                RandomPurpose::kCuts,
                (static_cast<std::uint64_t>(epoch) << 32) | static_cast<std::uint32_t>(user)),
        examples_(examples) {}

  void add_prefixes(std::int64_t length) {
    switch (options_.cuts.kind) {
      case Cuts::Kind::kAuto:
      case Cuts::Kind::kAll:
        for (std::int64_t target = 1; target < length; ++target) {
          add_prefix(target);
        }
        return;
      case Cuts::Kind::kLatest:
        add_prefix(length - 1);
        return;
      case Cuts::Kind::kRandom:
        for (const std::int64_t position : draw(random_, length - 1, options_.cuts.count)) {
          add_prefix(position + 1);
        }
        return;
    }
  }

  void add_windows(std::int64_t length) {
    const std::int64_t inputs = length - 1;  // the last event is only a target
    const std::int64_t surplus = inputs - most_targets();
    if (surplus <= 0) {
      add_window(0, inputs);
      return;
    }
    switch (options_.cuts.kind) {
      case Cuts::Kind::kAuto:
      case Cuts::Kind::kAll:
        tile(inputs);
        return;
      case Cuts::Kind::kLatest:
        add_window(surplus, inputs);
        return;
      case Cuts::Kind::kRandom:
        for (const std::int64_t begin : draw(random_, surplus + 1, options_.cuts.count)) {
          add_window(begin, begin + most_targets());
        }
        return;
    }
  }

 private:
  void add_prefix(std::int64_t target) {
    add(std::max<std::int64_t>(0, target - options_.max_len), target, 1);
  }

  void tile(std::int64_t inputs) {
    std::int64_t begin = 0;
    std::int64_t end =
        1 + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most_targets())));
    while (begin < inputs) {
      add_window(begin, end);
      begin = end;
      end = std::min(inputs, end + most_targets());
    }
  }

  // The largest number of targets of an example.
  [[nodiscard]] std::int64_t most_targets() const {
    if (options_.supervision != Supervision::kWindow) {
      return options_.max_len;
    }
    const std::int64_t targets = options_.window_targets > 0
                                     ? std::min(options_.window_targets, options_.window)
                                     : options_.window;
    return std::min(targets, options_.max_len);
  }

  // Adds an example with targets after the inputs [begin, end); with supervision window it reads
  // earlier events too.
  void add_window(std::int64_t begin, std::int64_t end) {
    const std::int64_t first = options_.supervision == Supervision::kWindow
                                   ? std::max<std::int64_t>(0, end - options_.max_len)
                                   : begin;
    add(first, end, end - begin);
  }

  void add(std::int64_t begin, std::int64_t end, std::int64_t num_targets) {
    examples_.push_back({user_,
                         static_cast<std::int32_t>(begin),
                         static_cast<std::int32_t>(end),
                         static_cast<std::int32_t>(num_targets)});
  }

  const ExampleOptions& options_;
  std::int32_t user_;
  RandomStream random_;
  std::vector<Example>& examples_;
};

}  // namespace

std::vector<Example> epoch_examples(std::span<const std::int64_t> lengths,
                                    const ExampleOptions& options,
                                    std::int64_t epoch,
                                    const Shard& shard) {
  ELASTIC_CHECK(options.max_len > 0);
  std::vector<Example> examples;
  for (auto user = static_cast<std::size_t>(shard.index); user < lengths.size();
       user += static_cast<std::size_t>(shard.count)) {
    if (lengths[user] < 2) {
      continue;  // no event has a history to predict it from
    }
    UserExamples of_user(options, epoch, static_cast<std::int64_t>(user), examples);
    if (options.supervision == Supervision::kLast) {
      of_user.add_prefixes(lengths[user]);
    } else {
      of_user.add_windows(lengths[user]);
    }
  }

  // Fisher-Yates shuffle.
  RandomStream random(
      options.seed,
      RandomPurpose::kShuffle,
      (static_cast<std::uint64_t>(shard.index) << 32) | static_cast<std::uint64_t>(epoch));
  for (std::size_t i = examples.size(); i > 1; --i) {
    std::swap(examples[i - 1], examples[random.below(i)]);
  }
  return examples;
}

std::vector<std::size_t> cut_batches(std::span<const Example> examples,
                                     std::int64_t batch_size,
                                     std::int64_t batch_tokens) {
  std::vector<std::size_t> offsets{0};
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const auto size = static_cast<std::int64_t>(i - offsets.back());
    const bool full =
        batch_tokens > 0 ? tokens + examples[i].length() > batch_tokens : size == batch_size;
    if (size > 0 && full) {
      offsets.push_back(i);
      tokens = 0;
    }
    tokens += examples[i].length();
  }
  if (!examples.empty()) {
    offsets.push_back(examples.size());
  }
  return offsets;
}

}  // namespace elastic::train

// Small data for tests of the evaluation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "data/split.h"

namespace elastic::eval {

using Sequences = std::vector<std::vector<std::int32_t>>;

/// A split of the users' sequences of items 1..num_items, oldest first.
inline data::Split make_split(const Sequences& sequences, std::int32_t num_items) {
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> items;
  data::IdMap users;
  data::IdMap names;
  for (std::size_t user = 0; user < sequences.size(); ++user) {
    users.add(concat("u", user));
    items.insert(items.end(), sequences[user].begin(), sequences[user].end());
    offsets.push_back(static_cast<std::int64_t>(items.size()));
  }
  for (std::int32_t item = 1; item <= num_items; ++item) {
    names.add(concat("m", item));
  }
  return data::Split(std::make_shared<data::Dataset>(
      std::move(offsets), std::move(items), std::move(users), std::move(names)));
}

/// Sequences of 1..max_length random items, with repeats.
inline Sequences random_sequences(std::size_t users, std::uint64_t max_length, std::int32_t items) {
  Sequences sequences(users);
  for (std::size_t user = 0; user < users; ++user) {
    RandomStream random(11, RandomPurpose::kShuffle, user);
    sequences[user].resize(1 + random.below(max_length));
    for (std::int32_t& item : sequences[user]) {
      item = static_cast<std::int32_t>(1 + random.below(static_cast<std::uint64_t>(items)));
    }
  }
  return sequences;
}

}  // namespace elastic::eval

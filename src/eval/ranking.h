// The rank of each user's held-out item.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "eval/expert_use.h"

namespace elastic::eval {

/// The rank of a target that counts as a miss at every cutoff, however few items are ranked.
inline constexpr std::int32_t kMissRank = std::numeric_limits<std::int32_t>::max();

/// Counts of targets: all of them, and the repeated ones, which the user's history contains.
struct TargetCounts {
  std::int64_t all = 0;
  std::int64_t repeated = 0;

  void add(bool is_repeated) {
    ++all;
    repeated += is_repeated ? 1 : 0;
  }
  [[nodiscard]] double share() const {
    return all == 0 ? 0.0 : static_cast<double>(repeated) / static_cast<double>(all);
  }
};

/// Ranks among sampled candidates, in the order of the ranking's users.
struct SampledRanks {
  std::string candidates;  ///< the rule: "uni:100"
  std::vector<std::int32_t> ranks;
  std::int64_t short_users = 0;  ///< users with fewer negatives than the rule's count
};

/// What a model does not know of a log that it was not trained on.
struct UnknownItems {
  std::int64_t targets = 0;         ///< users whose held-out item is unknown: misses
  std::int64_t histories = 0;       ///< users without a known event before it: misses
  std::int64_t events = 0;          ///< unknown events in the histories, which are skipped
  std::int64_t history_events = 0;  ///< all events in the histories
};

/// Parallel lists in the order of `users`.
struct Ranking {
  std::vector<std::int32_t> users;    ///< numbers in the data set
  std::vector<std::int32_t> targets;  ///< the held-out items
  std::vector<std::int32_t> ranks;    ///< of the targets, from 1; kMissRank: see there
  std::vector<bool> repeated;         ///< true if the history contains the target
  /// Events before the target, read by the model or not.
  std::vector<std::int32_t> history_lengths;
  TargetCounts targets_before_rules;  ///< those that the rules leave out included
  std::int64_t cold_users = 0;  ///< users with a held-out item but no history, who are not ranked
  std::vector<std::int64_t> listed;     ///< [V + 1] number of users with the item in their top 10;
                                        ///< empty unless requested
  std::vector<SampledRanks> sampled;    ///< by rule
  ExpertUse experts;                    ///< of these users; empty if the model retrieves no experts
  std::optional<UnknownItems> unknown;  ///< only with EvalOptions::other_log

  /// Repeated targets among those that are ranked.
  [[nodiscard]] std::int64_t num_repeated() const {
    return std::count(repeated.begin(), repeated.end(), true);
  }
};

/// Length of the lists for coverage, Gini index and mean popularity.
inline constexpr int kListLength = 10;

}  // namespace elastic::eval

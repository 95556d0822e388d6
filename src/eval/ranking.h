// The rank of each user's held-out item.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/expert_use.h"

namespace elastic::eval {

/// Ranks among sampled candidates, in the order of the ranking's users.
struct SampledRanks {
  std::string candidates;  ///< the rule: "uni:100"
  std::vector<std::int32_t> ranks;
  std::int64_t short_users = 0;  ///< users with fewer negatives than the rule's count
};

/// Parallel lists in the order of `users`.
struct Ranking {
  std::vector<std::int32_t> users;    ///< numbers in the data set
  std::vector<std::int32_t> targets;  ///< the held-out items
  std::vector<std::int32_t> ranks;    ///< of the targets, from 1
  /// Events before the target, read by the model or not.
  std::vector<std::int32_t> history_lengths;
  std::int64_t cold_users = 0;  ///< users with a held-out item but no history, who are not ranked
  std::vector<std::int64_t> listed;   ///< [V + 1] number of users with the item in their top 10;
                                      ///< empty unless requested
  std::vector<SampledRanks> sampled;  ///< by rule
  ExpertUse experts;                  ///< of these users; empty if the model retrieves no experts
};

/// Length of the lists for coverage, Gini index and mean popularity.
inline constexpr int kListLength = 10;

}  // namespace elastic::eval

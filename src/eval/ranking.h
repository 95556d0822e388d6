// Where each user's held-out item came, and what was known of the user.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/expert_use.h"

namespace elastic::eval {

/// The ranks among sampled candidates, in the order of a ranking's users.
struct SampledRanks {
  std::string candidates;  ///< the rule: "uni:100"
  std::vector<std::int32_t> ranks;
  std::int64_t short_users = 0;  ///< for whom fewer negatives were left than the rule asks for
};

/// Parallel lists, in the order of users.
struct Ranking {
  std::vector<std::int32_t> users;            ///< as the data set numbers them
  std::vector<std::int32_t> targets;          ///< the held-out items
  std::vector<std::int32_t> ranks;            ///< of the held-out item, from 1
  std::vector<std::int32_t> history_lengths;  ///< events before it, however many the model read
  std::int64_t cold_users = 0;       ///< have a held-out item and no history: nobody ranks them
  std::vector<std::int64_t> listed;  ///< by item id, [V + 1]: how many users' top 10 hold it; empty
                                     ///< unless asked for
  std::vector<SampledRanks> sampled;  ///< by rule
  ExpertUse experts;                  ///< of these users; empty for a model that retrieves none
};

/// Length of the lists that coverage and its like look at.
inline constexpr int kListLength = 10;

}  // namespace elastic::eval

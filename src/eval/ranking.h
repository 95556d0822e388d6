// Where each user's held-out item came, and what was known of the user.
#pragma once

#include <cstdint>
#include <vector>

#include "eval/expert_use.h"

namespace elastic::eval {

/// Parallel lists, in the order of users.
struct Ranking {
  std::vector<std::int32_t> users;            ///< as the data set numbers them
  std::vector<std::int32_t> ranks;            ///< of the held-out item, from 1
  std::vector<std::int32_t> history_lengths;  ///< events before it, however many the model read
  std::int64_t items_covered = 0;  ///< distinct items in all top-10 lists; 0 unless asked for
  ExpertUse experts;               ///< of these users; empty for a model that retrieves none
};

/// Length of the lists that coverage looks at.
inline constexpr int kCoverageCutoff = 10;

}  // namespace elastic::eval

// Groups of trainings compared with a baseline: means over seeds, and paired differences with
// intervals for users and seeds, for all users and for parts of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "eval/crossed_difference.h"
#include "eval/ranking.h"
#include "eval/user_metric.h"

namespace elastic::eval {

/// Rankings of the same users by the same model, trained from several seeds.
struct RankedGroup {
  std::string name;
  std::vector<std::vector<std::int32_t>> ranks;  ///< [seeds][users]
  std::uint64_t bootstrap_seed = 0;              ///< of the interval for a single seed
};

/// A metric of a group, and its difference to that of the baseline.
struct GroupMetric {
  SeedSummary summary{};
  Difference difference{};   ///< zeros for the baseline itself
  double p_adjusted = 1.0;   ///< Holm, over all groups and metrics of the part "all"; 1 in others
  bool significant = false;  ///< p_adjusted is below 1 - kConfidence
};

/// Users that are compared: all of them, or those of one bucket.
struct UserPart {
  std::string kind;                ///< "all", "history" or "popularity"
  std::string label;               ///< "", "21-50", "501 or more"; "head", "mid", "tail", "cold"
  std::vector<std::size_t> users;  ///< positions in the rankings
};

struct PartComparison {
  UserPart part;
  std::vector<std::vector<GroupMetric>> values;  ///< [groups][metrics]
};

struct GroupComparison {
  static constexpr double kConfidence = 0.95;

  std::vector<std::string> groups;
  std::vector<std::size_t> seeds;  ///< number of seeds of each group
  std::vector<UserMetric> metrics;
  std::size_t baseline = 0;
  std::size_t family = 0;             ///< number of tests that p_adjusted corrects for
  std::vector<PartComparison> parts;  ///< the first holds all users
};

/// All users, then the non-empty buckets by history and by popularity of the held-out item.
/// `item_counts` [V + 1] as returned by training_counts.
std::vector<UserPart> user_parts(const Ranking& ranking, std::span<const std::int64_t> item_counts);

/// Compares every group with groups[baseline]. The parts other than "all" are exploratory: their
/// p-values are not adjusted. Two single seeds have the percentile interval of
/// `difference_intervals` for all users, otherwise intervals are those of `crossed_difference`.
GroupComparison compare_groups(const std::vector<RankedGroup>& groups,
                               std::size_t baseline,
                               const std::vector<UserMetric>& metrics,
                               const std::vector<UserPart>& parts);

}  // namespace elastic::eval

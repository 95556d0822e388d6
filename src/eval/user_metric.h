// One metric of the reports, as a value for each user: the metric is their mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "eval/rank_counts.h"

namespace elastic::eval {

struct UserMetric {
  std::string name;       ///< as in all_metrics: "NDCG@10"
  std::size_t index = 0;  ///< there
  Gain gain = nullptr;    ///< of a rank up to `cutoff`; beyond it the value is 0
  int cutoff = 0;

  [[nodiscard]] double value(std::int32_t rank) const { return rank <= cutoff ? gain(rank) : 0.0; }
};

/// The metrics of all_metrics, in its order.
std::vector<UserMetric> user_metrics();

/// The metric's value for each of `users`, which are positions in `ranks`.
std::vector<double> values_of(const UserMetric& metric,
                              std::span<const std::int32_t> ranks,
                              std::span<const std::size_t> users);

}  // namespace elastic::eval

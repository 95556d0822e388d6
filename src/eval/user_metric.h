// One metric of the reports, as a value for each user: the metric is their mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eval/cutoffs.h"

namespace elastic::eval {

/// The gain of a user at a rank within the cutoff.
using Gain = double (*)(int rank);
double hit_gain(int rank);
double ndcg_gain(int rank);
double mrr_gain(int rank);

struct UserMetric {
  std::string name;     ///< "NDCG@10"
  Gain gain = nullptr;  ///< of a rank up to `cutoff`; beyond it the value is 0
  int cutoff = 0;

  [[nodiscard]] double value(std::int32_t rank) const { return rank <= cutoff ? gain(rank) : 0.0; }
};

/// The metrics of all_metrics, in its order.
std::vector<UserMetric> user_metrics(const Cutoffs& cutoffs = {});
/// The metric of this name, at any cutoff up to Cutoffs::kMax; none if there is none.
std::optional<UserMetric> find_user_metric(const std::string& name);
/// For messages: "HR, NDCG, MRR or Recall at 1 to 1000, as in NDCG@10, got "NDGC@10"; did you mean
/// NDCG@10?"
std::string expected_metrics(const std::string& got);

/// The metric's value for each of `users`, which are positions in `ranks`.
std::vector<double> values_of(const UserMetric& metric,
                              std::span<const std::int32_t> ranks,
                              std::span<const std::size_t> users);

}  // namespace elastic::eval

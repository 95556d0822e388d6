// Counts of ranks: all that the metrics depend on, and quick to resample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "eval/user_metric.h"

namespace elastic::eval {

class RankCounts {
 public:
  /// Ranks beyond `max_rank`, the largest cutoff, have no gain in any metric and share one count.
  explicit RankCounts(int max_rank) : counts_(static_cast<std::size_t>(max_rank) + 1) {}
  RankCounts(std::span<const std::int32_t> ranks, int max_rank);

  /// Index of the count of a rank: 0..max_rank.
  [[nodiscard]] std::size_t slot_of(std::int32_t rank) const;
  void add(std::size_t slot) { ++counts_[slot]; }
  [[nodiscard]] std::int64_t num_users() const;
  /// Mean values of the metrics, whose cutoffs are at most max_rank.
  [[nodiscard]] std::vector<double> metrics(std::span<const UserMetric> metrics) const;

 private:
  [[nodiscard]] double mean_gain(Gain gain, int k) const;

  std::vector<std::int64_t> counts_;
};

}  // namespace elastic::eval

// Counts of ranks: all that the metrics depend on, and quick to resample.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "eval/metrics.h"

namespace elastic::eval {

/// The gain of a user at a rank within the cutoff.
using Gain = double (*)(int rank);
double hit_gain(int rank);
double ndcg_gain(int rank);
double mrr_gain(int rank);

class RankCounts {
 public:
  /// Ranks beyond the largest cutoff have no gain in any metric and share one count.
  static constexpr int kMaxRank = kCutoffs.back();

  RankCounts() = default;
  explicit RankCounts(std::span<const std::int32_t> ranks);

  /// Index of the count of a rank: 0..kMaxRank.
  static std::size_t slot_of(std::int32_t rank);
  void add(std::size_t slot) { ++counts_[slot]; }
  [[nodiscard]] std::int64_t num_users() const;
  /// Mean gain of the users whose rank is at most k <= kMaxRank.
  [[nodiscard]] double mean_gain(Gain gain, int k) const;
  /// The values of `all_metrics`, in its order.
  [[nodiscard]] std::array<double, 4 * kCutoffs.size()> metrics() const;

 private:
  std::array<std::int64_t, static_cast<std::size_t>(kMaxRank) + 1> counts_{};
};

}  // namespace elastic::eval

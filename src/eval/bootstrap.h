// Bootstrap intervals: how far a metric would move with another sample of users.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace elastic::eval {

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

struct BootstrapOptions {
  std::uint64_t seed = 0;
  int resamples = 1000;
  double confidence = 0.95;
};

/// Percentile intervals of all metrics, in the order of `all_metrics`: users are drawn with
/// replacement `resamples` times. The same seed gives the same intervals. No users: zeros.
std::vector<Interval> bootstrap_intervals(std::span<const std::int32_t> ranks,
                                          const BootstrapOptions& options);

/// Intervals of the metrics of `ranks` minus those of `other_ranks`, for the same users in the same
/// order. Each resample draws the same users for both, so what makes a user easy or hard for both
/// cancels out.
std::vector<Interval> difference_intervals(std::span<const std::int32_t> ranks,
                                           std::span<const std::int32_t> other_ranks,
                                           const BootstrapOptions& options);

}  // namespace elastic::eval

// Bootstrap intervals: the variation of metrics over samples of users.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "eval/user_metric.h"

namespace elastic::eval {

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

struct BootstrapOptions {
  std::uint64_t seed = 0;
  int resamples = 1000;
  double confidence = 0.95;
  std::vector<UserMetric> metrics = user_metrics();
};

/// Percentile intervals of the metrics, in their order, from `resamples` draws of the users with
/// replacement. The same seed gives the same intervals; zeros if there are no users.
std::vector<Interval> bootstrap_intervals(std::span<const std::int32_t> ranks,
                                          const BootstrapOptions& options);

/// Intervals of the metrics of `ranks` minus those of `other_ranks`, for the same users in the same
/// order. Each resample draws the same users for both, so differences in difficulty between users
/// cancel out.
std::vector<Interval> difference_intervals(std::span<const std::int32_t> ranks,
                                           std::span<const std::int32_t> other_ranks,
                                           const BootstrapOptions& options);

}  // namespace elastic::eval

#include "profile/spread.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace elastic::profile {

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double at = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const auto above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
}

std::optional<double> relative_spread(std::span<const double> values) {
  if (values.size() < 3) {
    return std::nullopt;
  }
  const std::vector<double> all(values.begin(), values.end());
  return (quantile(all, 0.75) - quantile(all, 0.25)) / quantile(all, 0.5);
}

Ratio ratio_of(std::span<const double> now, std::span<const double> before) {
  std::vector<double> ratios;
  for (const double one : now) {
    for (const double other : before) {
      ratios.push_back(one / other);
    }
  }
  Ratio ratio{quantile(ratios, 0.5), std::nullopt};
  // The rank of the lower bound among the sorted ratios, by the normal approximation of the
  // rank-sum statistic.
  const auto n = static_cast<double>(now.size());
  const auto m = static_cast<double>(before.size());
  constexpr double kNormal95 = 1.96;
  const double rank = std::floor(n * m / 2.0 - kNormal95 * std::sqrt(n * m * (n + m + 1.0) / 12.0));
  if (rank >= 1.0) {
    std::sort(ratios.begin(), ratios.end());
    const auto place = static_cast<std::size_t>(rank) - 1;
    ratio.interval = Interval{ratios[place], ratios[ratios.size() - 1 - place]};
  }
  return ratio;
}

}  // namespace elastic::profile

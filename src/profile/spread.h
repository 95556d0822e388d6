// The variation of repeated measurements, without assumptions on their distribution.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace elastic::profile {

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

/// The value below which a `share` of the values are, between neighbours in proportion; `values`
/// must not be empty.
double quantile(std::vector<double> values, double share);

/// The distance of the quartiles relative to the median; none for fewer than three values.
std::optional<double> relative_spread(std::span<const double> values);

struct Ratio {
  double value = 1.0;
  std::optional<Interval> interval;  ///< of 95 %; none for too few values
};

/// Times `now` relative to times `before`, both positive and not empty: the median of the ratios of
/// all pairs (Hodges and Lehmann), with the interval of the rank-sum test. The interval needs four
/// values on each side.
Ratio ratio_of(std::span<const double> now, std::span<const double> before);

}  // namespace elastic::profile

// Fits a power law to the growth of a cost.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "profile/spread.h"

namespace elastic::profile {

/// y = constant + factor x^exponent, constant >= 0.
struct PowerFit {
  double constant = 0.0;
  double factor = 0.0;
  double exponent = 0.0;
  bool valid = false;  ///< false with fewer than three points
};

/// Minimises the sum of squared relative errors, since costs span decades: a linear fit of constant
/// and factor for each exponent on a fine grid. x and y must be positive and of equal size.
PowerFit fit_power(std::span<const double> x, std::span<const double> y);

/// The interval of 95 % of the exponent of a fit to the shortest repetitions of each x: a bootstrap
/// over the repetitions, a function of them and of `stream` alone. It covers their noise, not costs
/// that follow no power law. None if a point has fewer than four repetitions.
std::optional<Interval> exponent_interval(std::span<const double> x,
                                          std::span<const std::vector<double>> repetitions,
                                          std::uint64_t stream);

}  // namespace elastic::profile

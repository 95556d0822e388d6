// Fits a power law to the growth of a cost.
#pragma once

#include <span>

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

}  // namespace elastic::profile

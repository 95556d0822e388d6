// How a cost grows with the length of the history.
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

/// Least squares of the relative errors (a cost spans decades): for every exponent of a fine grid
/// the two other numbers are linear. x and y positive, of equal size.
PowerFit fit_power(std::span<const double> x, std::span<const double> y);

}  // namespace elastic::profile

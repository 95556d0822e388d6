// Correction of p-values for many comparisons.
#pragma once

#include <span>
#include <vector>

namespace elastic::eval {

/// The p-values of a family adjusted by Holm's step-down method, in their order. Rejecting those
/// below a level keeps the probability of any false rejection in the family below that level,
/// however the tests depend on each other (Holm 1979).
std::vector<double> holm_adjusted(std::span<const double> p_values);

}  // namespace elastic::eval

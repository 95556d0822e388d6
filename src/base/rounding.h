// Rounding to significant digits.
#pragma once

namespace elastic {

/// `value` rounded to `digits` significant digits: 0.1F becomes 0.1, not 0.10000000149. Infinities
/// and NaN are returned as they are.
double round_to_digits(double value, int digits);

}  // namespace elastic

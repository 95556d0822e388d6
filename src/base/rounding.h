// Numbers as people write them down.
#pragma once

namespace elastic {

/// The value rounded to so many significant digits: 0.1F becomes 0.1, not 0.10000000149.
double round_to_digits(double value, int digits);

}  // namespace elastic

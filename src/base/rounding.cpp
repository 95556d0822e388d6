#include "base/rounding.h"

#include <array>
#include <charconv>
#include <cmath>

namespace elastic {

double round_to_digits(double value, int digits) {
  if (!std::isfinite(value)) {
    return value;
  }
  std::array<char, 64> text{};
  const auto written = std::to_chars(
      text.data(), text.data() + text.size(), value, std::chars_format::scientific, digits - 1);
  double rounded = value;
  std::from_chars(text.data(), written.ptr, rounded);
  return rounded;
}

}  // namespace elastic

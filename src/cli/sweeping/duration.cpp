#include "cli/sweeping/duration.h"

#include <charconv>
#include <cmath>
#include <string_view>

#include "base/error.h"
#include "base/option_range.h"

namespace elastic::cli {
namespace {

// Seconds of a unit; 0 for an unknown one.
double seconds_of(char unit) {
  switch (unit) {
    case 's':
      return 1.0;
    case 'm':
      return 60.0;
    case 'h':
      return 3600.0;
    case 'd':
      return 86400.0;
    default:
      return 0.0;
  }
}

}  // namespace

double parse_duration(const std::string& flag, const std::string& text) {
  double total = 0.0;
  double last_unit = kSeconds.high;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    double number = 0.0;
    const auto [stop, error] = std::from_chars(at, end, number);
    const double unit = error == std::errc() && stop != end ? seconds_of(*stop) : 0.0;
    if (unit == 0.0 || unit >= last_unit || !std::isfinite(number) || number < 0.0) {
      total = 0.0;
      break;
    }
    total += number * unit;
    last_unit = unit;
    at = stop + 1;
  }
  if (total <= 0.0) {
    throw UsageError(flag, ": expected a time such as 90s, 45m, 2h or 1h30m, got '", text, "'");
  }
  check_range(kSeconds, total, flag);
  return total;
}

}  // namespace elastic::cli

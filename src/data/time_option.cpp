#include "data/time_option.h"

#include <algorithm>

#include "base/error.h"

namespace elastic::data {

OptionTime resolve_time(const char* option,
                        const std::string& text,
                        std::int64_t units_per_second,
                        const TimeFormat& format) {
  if (const auto number = parse_number_moment(text)) {
    const auto written = format.is_date() ? format.parse(text) : std::nullopt;
    if (!written) {
      return {*number, false};
    }
    constexpr std::size_t kDigitsOfDate = 8;
    return {from_seconds(*written, units_per_second), text.size() == kDigitsOfDate};
  }
  if (const auto moment = parse_iso_moment(text)) {
    return {from_seconds(*moment, units_per_second), is_iso_date(text)};
  }
  throw UsageError(option,
                   ": expected a number in the unit of the data's timestamps, or a date or time "
                   "such as 2019-12-31 or 2019-12-31T18:30:00Z, got '",
                   text,
                   "'");
}

}  // namespace elastic::data

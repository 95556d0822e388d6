// Points in time: numbers in a log's own unit, or dates and times of ISO 8601.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace elastic::data {

/// In some unit since some start; for dates seconds since 1970-01-01 UTC.
struct Moment {
  std::int64_t whole = 0;  ///< rounded down
  float fraction = 0.0F;   ///< in [0, 1)
  auto operator<=>(const Moment&) const = default;
};

/// Whole numbers exactly; others (978300760.5, 9.7e8) as far as a double goes. None for anything
/// else, and beyond 9e18.
std::optional<Moment> parse_number_moment(std::string_view text);

/// A date, 2019-12-31, or a date and time: 2019-12-31T23:59, 2019-12-31 23:59:58.25 UTC,
/// 2019-12-31T23:59:58+02:00. Without a zone it is UTC. None for anything else.
std::optional<Moment> parse_iso_moment(std::string_view text);
/// True for a date without a time of day.
bool is_iso_date(std::string_view text);

/// How a log counts time: 1, 1000, 1000000 or 1000000000 a second, whichever puts the number
/// farthest from 0 before the year 5138.
std::int64_t units_per_second(std::int64_t farthest);

/// The time that an option names: a number in the log's unit, or an ISO date or time, whose day
/// starts at midnight UTC. Throws UsageError naming the option.
Moment resolve_time(const char* option, const std::string& text, std::int64_t units_per_second);

/// "1577836800 (2020-01-01T00:00:00Z)".
std::string describe_time(const Moment& moment, std::int64_t units_per_second);

}  // namespace elastic::data

// Points in time: numbers in the unit of a log, or ISO 8601 dates and times.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace elastic::data {

/// A time in the unit of a log; dates are in seconds since 1970-01-01 UTC.
struct Moment {
  std::int64_t whole = 0;  ///< rounded down
  float fraction = 0.0F;   ///< in [0, 1)
  auto operator<=>(const Moment&) const = default;
};

/// Parses a number: integers exactly, others (978300760.5, 9.7e8) in double precision. None for any
/// other text, and for magnitudes beyond 9e18.
std::optional<Moment> parse_number_moment(std::string_view text);

/// Parses a date, 2019-12-31, or a date and time: 2019-12-31T23:59, 2019-12-31 23:59:58.25 UTC,
/// 2019-12-31T23:59:58+02:00. The default zone is UTC. None for any other text.
std::optional<Moment> parse_iso_moment(std::string_view text);
/// True for a date without a time of day.
bool is_iso_date(std::string_view text);

/// Guesses the unit of a log's times: the first of 1, 1000, 1000000 and 1000000000 per second with
/// which `farthest`, the time farthest from 0, is before the year 5138.
std::int64_t units_per_second(std::int64_t farthest);

/// Parses the time of an option, a number in the log's unit or an ISO date or time, to the log's
/// unit. A date is its midnight UTC. Throws UsageError naming the option.
Moment resolve_time(const char* option, const std::string& text, std::int64_t units_per_second);

/// For messages: "1577836800 (2020-01-01T00:00:00Z)".
std::string describe_time(const Moment& moment, std::int64_t units_per_second);

}  // namespace elastic::data

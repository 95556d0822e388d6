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
  std::int64_t whole = 0;        ///< rounded down
  std::uint32_t billionths = 0;  ///< of the unit, after `whole`; below 1000000000
  auto operator<=>(const Moment&) const = default;
};

constexpr std::uint32_t kBillion = 1'000'000'000;

/// Parses a decimal number, such as 978300760, 978300760.5 or 9.783e8, exactly to billionths of the
/// unit; further digits are dropped. None for any other text, and for numbers whose whole part does
/// not fit into 64 bits.
std::optional<Moment> parse_number_moment(std::string_view text);

/// Parses a date, 2019-12-31, or a date and time: 2019-12-31T23:59, 2019-12-31 23:59:58.25 UTC,
/// 2019-12-31T23:59:58+02:00. The default zone is UTC. None for any other text.
std::optional<Moment> parse_iso_moment(std::string_view text);
/// True for a date without a time of day.
bool is_iso_date(std::string_view text);

/// `moment`, in units of which one second has `units_per_second`, in seconds; exact for powers of
/// 1000 up to a billion, apart from digits after the billionths.
Moment to_seconds(const Moment& moment, std::int64_t units_per_second);
/// `seconds` in units of which one second has `units_per_second`. A time beyond the range of 64
/// bits becomes one far in the future or past.
Moment from_seconds(const Moment& seconds, std::int64_t units_per_second);

/// The number that `parse_number_moment` reads as `moment`: "-1.5" for {-2, 500000000}.
std::string write_number(const Moment& moment);

/// For messages: "1577836800 (2020-01-01T00:00:00Z)".
std::string describe_time(const Moment& moment, std::int64_t units_per_second);

}  // namespace elastic::data

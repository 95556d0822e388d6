// A reader of the parts of dates and times: years, times of day, zones.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace elastic::data {

/// The hours of a time of day. kAny accepts both, by whether AM or PM follows.
enum class Clock : std::uint8_t { kAny, k24, k12 };

struct TimeOfDay {
  std::int64_t seconds = 0;  ///< since midnight; 86400 in a leap second before midnight
  std::uint32_t billionths = 0;
  bool is_12_hour = false;
};

/// Reads a text from its start. Each function removes the text that it reads and returns none, or
/// false, if the text does not fit; the position is then unspecified.
class TimeScanner {
 public:
  explicit TimeScanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  /// Year, month and day with a separator: 2008-10-26 or 2008/1/5, the latter only with
  /// `least_digits` 1. Returns midnight UTC in seconds since 1970, as does `compact_date`.
  std::optional<std::int64_t> year_first_date(char separator, std::size_t least_digits);
  /// 20081026
  std::optional<std::int64_t> compact_date();

  /// 21, 21:58, 2158, 21:58:13, 215813, 21:58:13.5, 9:58 PM. Digits of the fraction after the ninth
  /// are dropped.
  std::optional<TimeOfDay> time_of_day(Clock clock);
  /// "", Z, UTC, GMT, +02:00, +0200, +02, GMT+0200, each after blanks or none, perhaps with a name
  /// in parentheses. Returns the seconds ahead of UTC.
  std::optional<std::int64_t> zone();

  /// The end of a text after its date: nothing, or a separator, a time of day and a zone. The
  /// separator may be T, blanks, a comma, a colon or "at". Returns the seconds UTC since the date's
  /// midnight, with a fraction.
  std::optional<TimeOfDay> rest_of_date(Clock clock);

 private:
  bool skip(char expected);
  bool skip_word(std::string_view word);  // `word` is in lower case, the text in any
  bool skip_blanks();
  std::optional<std::int64_t> number(std::size_t least_digits, std::size_t most_digits);
  bool clock_digits(std::array<std::int64_t, 3>& parts, std::uint32_t& billionths);
  bool fraction(std::uint32_t& billionths);
  bool half_of_day(Clock clock, std::int64_t& hours, bool& is_12_hour);

  std::string_view rest_;
};

/// Midnight UTC of a date in seconds since 1970; none for dates that do not exist.
std::optional<std::int64_t> seconds_of_date(std::int64_t year,
                                            std::int64_t month,
                                            std::int64_t day);

}  // namespace elastic::data

// How the times of a column are written: as numbers, dates, dates with a time of day, or by a
// pattern.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/moment.h"
#include "data/time_scanner.h"

namespace elastic::data {

/// A reader of the times of one column. Formats of dates accept the usual variants: a time of day
/// and a zone after the date or none, seconds and fractions or none, one digit or two for a day,
/// month or hour. A time without a zone is UTC.
class TimeFormat {
 public:
  /// Numbers in the log's unit.
  TimeFormat() = default;

  struct Detected;
  /// The format that reads at least 95 % of the values of a sample that are not empty. Numbers are
  /// dates such as 20081026, 200810262158 or 20081026215813 if all with so many digits are dates
  /// from 1970 to 2100. Slashed and dashed dates are read only if a value shows which number is the
  /// day; 26.10.2008 is day first unless a value contradicts. Years of two digits need a pattern.
  static Detected detect(const std::vector<std::string_view>& values);
  /// The same for the times of day of a column beside the one of the dates: 21:58:13, 9:58 PM,
  /// 2158, 215813, or hours alone. They become seconds since midnight.
  static Detected detect_time_of_day(const std::vector<std::string_view>& values);

  /// Parses the text of --time-format: a pattern as of strptime, such as %d/%m/%Y, with %f for a
  /// fraction; or `seconds`, `milliseconds`, `microseconds` or `nanoseconds` since 1970 (also %s
  /// for seconds and %Q for milliseconds). A pattern without a time of day also reads one that
  /// follows the date. %y follows POSIX: 69 to 99 are 1969 to 1999. Throws UsageError naming the
  /// option.
  static TimeFormat parse_pattern(const std::string& pattern);

  /// None if the text, without blanks around it, is not such a time.
  [[nodiscard]] std::optional<Moment> parse(std::string_view text) const;
  /// True if times are numbers in the log's unit; else they are seconds, since 1970 UTC or since
  /// midnight.
  [[nodiscard]] bool is_number() const { return form_ == Form::kNumber; }
  /// True if times are known to be finer than a day.
  [[nodiscard]] bool has_time_of_day() const;
  /// True for dates, with or without a time of day: each text is a time, whatever its column.
  [[nodiscard]] bool is_date() const;

  /// For people: "a number", "seconds since 1970", "month/day/year and a 12-hour clock".
  [[nodiscard]] std::string describe() const;
  /// A time of the year 2008 in this format, for messages.
  [[nodiscard]] std::string example() const;
  /// The text of a moment, to the nanosecond; `parse` returns the moment. A format without a time
  /// of day writes the date only.
  [[nodiscard]] std::string write(const Moment& moment) const;

  /// The spelling that files keep: that of --time-format, "number", "time of day", "hh", "hhmm" or
  /// "hhmmss".
  [[nodiscard]] const std::string& text() const { return text_; }
  /// Throws UsageError for a text that `text` does not return.
  static TimeFormat from_text(const std::string& text);

  bool operator==(const TimeFormat& other) const { return text_ == other.text_; }

 private:
  enum class Form : std::uint8_t {
    kNumber,
    kUnit,        ///< numbers of which `units_` are a second
    kYearFirst,   ///< 2008-10-26 with any `separator_`
    kCompact,     ///< 20081026, perhaps with the digits of a time of day
    kDate,        ///< `pattern_` for the date, then a time of day
    kWhole,       ///< `pattern_` for date and time of day
    kTimeOfDay,   ///< 21:58:13
    kDigitsOfDay  ///< `units_` digits: hhmm without leading zeros
  };

  static TimeFormat of_pattern(const std::string& pattern);
  [[nodiscard]] std::optional<Moment> parse_compact(std::string_view text) const;
  [[nodiscard]] std::optional<Moment> parse_digits_of_day(std::string_view text) const;

  Form form_ = Form::kNumber;
  Clock clock_ = Clock::kAny;
  char separator_ = '-';
  bool has_time_ = false;
  std::int64_t units_ = 1;
  std::string pattern_;  ///< for the library
  std::string text_ = "number";
};

struct TimeFormat::Detected {
  std::optional<TimeFormat> format;
  /// If no format is certain: the readings that fit, with a value and the option that chooses.
  std::string ambiguity;
};

/// True if at least 95 % of the values that are not empty are numbers between the years 1990 and
/// 2040 in seconds, milliseconds, microseconds or nanoseconds since 1970, all in one unit.
bool looks_like_epoch(const std::vector<std::string_view>& values);

}  // namespace elastic::data

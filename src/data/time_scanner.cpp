#include "data/time_scanner.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "data/take_text.h"

namespace elastic::data {
namespace {

constexpr std::int64_t kHour = 60 * 60;

// The number of digits that a text begins with.
std::size_t count_digits(std::string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) -
                                  text.begin());
}

}  // namespace

std::optional<std::int64_t> seconds_of_date(std::int64_t year,
                                            std::int64_t month,
                                            std::int64_t day) {
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date).time_since_epoch().count() * 24 * kHour;
}

bool TimeScanner::skip(char expected) {
  if (!rest_.starts_with(expected)) {
    return false;
  }
  rest_.remove_prefix(1);
  return true;
}

bool TimeScanner::skip_word(std::string_view word) {
  const auto matches = [](char c, char expected) {
    return (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) == expected;
  };
  const std::string_view start = rest_.substr(0, word.size());
  if (!std::equal(start.begin(), start.end(), word.begin(), word.end(), matches)) {
    return false;
  }
  rest_.remove_prefix(word.size());
  return true;
}

// Spreadsheets and browsers put narrow and no-break spaces before AM and PM.
bool TimeScanner::skip_blanks() {
  const std::size_t before = rest_.size();
  for (bool found = true; found;) {
    found = skip(' ');
    for (const std::string_view blank : {"\u00a0", "\u202f"}) {
      if (rest_.starts_with(blank)) {
        rest_.remove_prefix(blank.size());
        found = true;
      }
    }
  }
  return rest_.size() < before;
}

std::optional<std::int64_t> TimeScanner::number(std::size_t least_digits, std::size_t most_digits) {
  std::int64_t value = 0;
  std::size_t count = 0;
  for (; count < most_digits && count < rest_.size() && is_digit(rest_[count]); ++count) {
    value = 10 * value + (rest_[count] - '0');
  }
  if (count < least_digits) {
    return std::nullopt;
  }
  rest_.remove_prefix(count);
  return value;
}

std::optional<std::int64_t> TimeScanner::year_first_date(char separator, std::size_t least_digits) {
  const auto year = number(4, 4);
  const auto month = year && skip(separator) ? number(least_digits, 2) : std::nullopt;
  const auto day = month && skip(separator) ? number(least_digits, 2) : std::nullopt;
  return day ? seconds_of_date(*year, *month, *day) : std::nullopt;
}

std::optional<std::int64_t> TimeScanner::compact_date() {
  const auto year = number(4, 4);
  const auto month = year ? number(2, 2) : std::nullopt;
  const auto day = month ? number(2, 2) : std::nullopt;
  return day ? seconds_of_date(*year, *month, *day) : std::nullopt;
}

// Hours, then minutes and seconds if they follow, and their fraction.
bool TimeScanner::clock_digits(std::array<std::int64_t, 3>& parts, std::uint32_t& billionths) {
  const std::size_t digits = count_digits(rest_);
  const bool compact = digits == 4 || digits == 6;
  if (!compact && (digits < 1 || digits > 2)) {
    return false;
  }
  parts[0] = *number(compact ? 2 : 1, 2);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (compact ? count_digits(rest_) == 0 : !skip(':')) {
      return true;
    }
    const auto value = number(2, 2);
    if (!value) {
      return false;
    }
    parts[i] = *value;
  }
  return fraction(billionths);
}

bool TimeScanner::fraction(std::uint32_t& billionths) {
  if (!skip('.') && !skip(',')) {
    return true;
  }
  const std::size_t count = count_digits(rest_);
  for (std::size_t i = 0; i < 9; ++i) {
    const char digit = i < count ? rest_[i] : '0';
    billionths = 10 * billionths + static_cast<std::uint32_t>(digit - '0');
  }
  rest_.remove_prefix(count);
  return count > 0;
}

// AM or PM after an hour from 1 to 12.
bool TimeScanner::half_of_day(Clock clock, std::int64_t& hours, bool& is_12_hour) {
  if (rest_.empty()) {
    return clock != Clock::k12;
  }
  const std::string_view before = rest_;
  skip_blanks();
  const bool morning = skip_word("am") || skip_word("a.m.");
  is_12_hour = morning || skip_word("pm") || skip_word("p.m.");
  if (!is_12_hour) {
    rest_ = before;
    return clock != Clock::k12;
  }
  if (clock == Clock::k24 || hours < 1 || hours > 12) {
    return false;
  }
  hours = hours % 12 + (morning ? 0 : 12);
  return true;
}

std::optional<TimeOfDay> TimeScanner::time_of_day(Clock clock) {
  TimeOfDay time;
  std::array<std::int64_t, 3> parts{};
  auto& [hours, minutes, seconds] = parts;
  if (!clock_digits(parts, time.billionths) || !half_of_day(clock, hours, time.is_12_hour)) {
    return std::nullopt;
  }
  // second 60 is a leap second
  if (hours > 23 || minutes > 59 || seconds > 60) {
    return std::nullopt;
  }
  time.seconds = hours * kHour + minutes * 60 + seconds;
  return time;
}

std::optional<std::int64_t> TimeScanner::zone() {
  if (rest_.empty()) {
    return 0;
  }
  skip_blanks();
  const bool named = skip_word("utc") || skip_word("gmt") || skip_word("z");
  std::int64_t ahead = 0;
  const bool west = rest_.starts_with('-');
  if (skip('-') || skip('+')) {
    const auto hours = number(2, 2);
    const bool has_colon = skip(':');
    const auto minutes =
        has_colon || count_digits(rest_) > 0 ? number(2, 2) : std::optional<std::int64_t>(0);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) {
      return std::nullopt;
    }
    ahead = *hours * kHour + *minutes * 60;
    skip_blanks();
    if (!named && !skip_word("utc")) {
      skip_word("gmt");
    }
  }
  skip_blanks();
  if (rest_.starts_with('(') && rest_.ends_with(')')) {
    rest_ = {};
  }
  return west ? -ahead : ahead;
}

std::optional<TimeOfDay> TimeScanner::rest_of_date(Clock clock) {
  if (rest_.empty()) {
    return TimeOfDay{};
  }
  if (!skip('T') && !skip('t') && !skip(':')) {
    skip(',');
    if (!skip_blanks()) {
      return std::nullopt;
    }
    if (skip_word("at") && !skip_blanks()) {
      return std::nullopt;
    }
  }
  auto time = time_of_day(clock);
  const auto ahead = time ? zone() : std::nullopt;
  if (!ahead || !at_end()) {
    return std::nullopt;
  }
  time->seconds -= *ahead;
  return time;
}

}  // namespace elastic::data

#include "data/moment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "data/take_text.h"
#include "data/time_scanner.h"

namespace elastic::data {
namespace {

constexpr std::int64_t kSecondsPerDay = 24 * 60 * 60;

// A decimal number as its digits and the place of its decimal point.
struct Decimal {
  bool negative = false;
  std::string_view digits_before;  // the decimal point
  std::string_view digits_after;
  std::int64_t exponent = 0;
};

std::optional<Decimal> split_decimal(std::string_view text) {
  Decimal decimal;
  decimal.negative = take(text, '-');
  decimal.digits_before = take_digits(text);
  if (take(text, '.')) {
    decimal.digits_after = take_digits(text);
  }
  if (decimal.digits_before.empty() && decimal.digits_after.empty()) {
    return std::nullopt;
  }
  if (take(text, 'e') || take(text, 'E')) {
    const bool minus = take(text, '-');
    if (!minus) {
      take(text, '+');
    }
    const std::string_view digits = take_digits(text);
    if (digits.empty()) {
      return std::nullopt;
    }
    constexpr std::int64_t kMost = 1'000'000'000'000;  // more than a text has digits
    for (const char c : digits) {
      decimal.exponent = std::min(kMost, 10 * decimal.exponent + (c - '0'));
    }
    decimal.exponent = minus ? -decimal.exponent : decimal.exponent;
  }
  return text.empty() ? std::optional(decimal) : std::nullopt;
}

// Adds a digit of the place 10^`place` after those of higher places; false if it does not fit.
bool add_digit(int digit, std::int64_t place, Moment& moment) {
  constexpr int kPlaces = 9;
  if (place >= 0) {
    return !__builtin_mul_overflow(moment.whole, 10, &moment.whole) &&
           !__builtin_add_overflow(moment.whole, digit, &moment.whole);
  }
  if (place >= -kPlaces) {
    auto value = static_cast<std::uint32_t>(digit);
    for (std::int64_t at = -kPlaces; at < place; ++at) {
      value *= 10;
    }
    moment.billionths += value;
  }
  return true;
}

Moment negated(const Moment& moment) {
  const bool has_fraction = moment.billionths > 0;
  return {-moment.whole - (has_fraction ? 1 : 0), has_fraction ? kBillion - moment.billionths : 0};
}

std::optional<Moment> to_moment(const Decimal& decimal) {
  Moment moment;
  auto place = static_cast<std::int64_t>(decimal.digits_before.size()) + decimal.exponent;
  for (const std::string_view digits : {decimal.digits_before, decimal.digits_after}) {
    for (const char c : digits) {
      if (!add_digit(c - '0', --place, moment)) {
        return std::nullopt;
      }
    }
  }
  for (; place > 0 && moment.whole != 0; --place) {
    if (!add_digit(0, 0, moment)) {
      return std::nullopt;
    }
  }
  return decimal.negative ? negated(moment) : moment;
}

// The usual case: up to 18 digits, a decimal point, digits. None for other text.
std::optional<Moment> parse_plain_decimal(std::string_view text) {
  const bool negative = take(text, '-');
  const std::string_view before = take_digits(text);
  constexpr std::size_t kFitting = 18;
  if (before.empty() || before.size() > kFitting || !take(text, '.')) {
    return std::nullopt;
  }
  Moment moment;
  for (const char c : before) {
    moment.whole = 10 * moment.whole + (c - '0');
  }
  const std::string_view after = take_digits(text);
  if (!text.empty()) {
    return std::nullopt;
  }
  constexpr std::size_t kPlaces = 9;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    const char digit = i < after.size() ? after[i] : '0';
    moment.billionths = 10 * moment.billionths + static_cast<std::uint32_t>(digit - '0');
  }
  return negative ? negated(moment) : moment;
}

std::int64_t floor_divide(std::int64_t value, std::int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

}  // namespace

std::optional<Moment> parse_number_moment(std::string_view text) {
  const char* const last = text.data() + text.size();
  Moment moment;
  if (const auto [end, error] = std::from_chars(text.data(), last, moment.whole);
      error == std::errc() && end == last) {
    return moment;
  }
  if (const auto plain = parse_plain_decimal(text)) {
    return plain;
  }
  const auto decimal = split_decimal(text);
  return decimal ? to_moment(*decimal) : std::nullopt;
}

std::optional<Moment> parse_iso_moment(std::string_view text) {
  TimeScanner scanner(text);
  const auto date = scanner.year_first_date('-', 2);
  const auto time = date ? scanner.rest_of_date(Clock::k24) : std::nullopt;
  if (!time) {
    return std::nullopt;
  }
  return Moment{*date + time->seconds, time->billionths};
}

bool is_iso_date(std::string_view text) {
  TimeScanner scanner(text);
  return scanner.year_first_date('-', 2) && scanner.at_end();
}

Moment to_seconds(const Moment& moment, std::int64_t units_per_second) {
  const std::int64_t whole = floor_divide(moment.whole, units_per_second);
  const std::int64_t remainder = moment.whole % units_per_second;
  const std::int64_t rest = remainder + (remainder < 0 ? units_per_second : 0);
  const std::int64_t billionth = kBillion / units_per_second;  // of a unit, in those of a second
  return {whole,
          static_cast<std::uint32_t>(rest * billionth + moment.billionths / units_per_second)};
}

Moment from_seconds(const Moment& seconds, std::int64_t units_per_second) {
  Moment moment;
  if (__builtin_mul_overflow(seconds.whole, units_per_second, &moment.whole)) {
    return {seconds.whole > 0 ? INT64_MAX / 2 : INT64_MIN / 2, 0};
  }
  const std::int64_t billionths = std::int64_t{seconds.billionths} * units_per_second;
  if (__builtin_add_overflow(moment.whole, billionths / kBillion, &moment.whole)) {
    return {INT64_MAX / 2, 0};
  }
  moment.billionths = static_cast<std::uint32_t>(billionths % kBillion);
  return moment;
}

std::string write_number(const Moment& moment) {
  if (moment.billionths == 0) {
    return concat(moment.whole);
  }
  const bool negative = moment.whole < 0;
  const std::int64_t whole = negative ? -(moment.whole + 1) : moment.whole;
  const std::uint32_t billionths = negative ? kBillion - moment.billionths : moment.billionths;
  std::string digits = concat(billionths);
  digits.insert(0, 9 - digits.size(), '0');
  digits.erase(digits.find_last_not_of('0') + 1);
  return concat(negative ? "-" : "", whole, ".", digits);
}

std::string describe_time(const Moment& moment, std::int64_t units_per_second) {
  const std::int64_t seconds = floor_divide(moment.whole, units_per_second);
  const std::int64_t days = floor_divide(seconds, kSecondsPerDay);
  const std::int64_t second = seconds - days * kSecondsPerDay;
  constexpr std::int64_t kFarthestDays = 10'000 * 365;  // larger numbers are no calendar times
  if (std::abs(days) > kFarthestDays) {
    return concat(moment.whole);
  }
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
  std::array<char, 64> text{};
  std::snprintf(text.data(),
                text.size(),
                "%04d-%02u-%02uT%02d:%02d:%02dZ",
                static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()),
                static_cast<int>(second / 3600),
                static_cast<int>(second / 60 % 60),
                static_cast<int>(second % 60));
  return concat(moment.whole, " (", text.data(), ")");
}

}  // namespace elastic::data

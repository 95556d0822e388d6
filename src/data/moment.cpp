#include "data/moment.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "base/error.h"

namespace elastic::data {
namespace {

constexpr std::int64_t kDay = 24 * 60 * 60;

// A parser of ISO 8601 dates and times.
class IsoReader {
 public:
  explicit IsoReader(std::string_view text) : rest_(text) {}

  std::optional<Moment> read() {
    const auto seconds = date();
    if (!seconds) {
      return std::nullopt;
    }
    Moment moment{*seconds};
    if (rest_.empty()) {
      return moment;
    }
    if (!skip('T') && !skip('t') && !skip(' ')) {
      return std::nullopt;
    }
    const auto time = time_of_day(moment.fraction);
    const auto offset = time ? zone() : std::nullopt;
    if (!offset || !rest_.empty()) {
      return std::nullopt;
    }
    moment.whole += *time - *offset;
    return moment;
  }

  // Midnight UTC of the date, in seconds since 1970.
  std::optional<std::int64_t> date() {
    const auto year = digits(4);
    const auto month = year && skip('-') ? digits(2) : std::nullopt;
    const auto day = month && skip('-') ? digits(2) : std::nullopt;
    if (!day) {
      return std::nullopt;
    }
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok()) {
      return std::nullopt;
    }
    return std::chrono::sys_days(date).time_since_epoch().count() * kDay;
  }

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  bool skip(char expected) {
    if (!rest_.starts_with(expected)) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<std::int64_t> digits(std::size_t count) {
    if (rest_.size() < count) {
      return std::nullopt;
    }
    std::int64_t value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') {
        return std::nullopt;
      }
      value = 10 * value + (c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  std::optional<std::int64_t> time_of_day(float& fraction) {
    const auto hours = digits(2);
    const auto minutes = hours && skip(':') ? digits(2) : std::nullopt;
    const auto seconds = !minutes ? std::nullopt : skip(':') ? digits(2) : std::optional(0L);
    // second 60 is a leap second
    if (!seconds || *hours > 23 || *minutes > 59 || *seconds > 60) {
      return std::nullopt;
    }
    if (skip('.') || skip(',')) {
      double value = 0.0;
      double unit = 0.1;
      std::size_t count = 0;
      for (; auto digit = digits(1); unit /= 10.0, ++count) {
        value += unit * static_cast<double>(*digit);
      }
      if (count == 0) {
        return std::nullopt;
      }
      fraction = std::min(static_cast<float>(value), std::nextafter(1.0F, 0.0F));
    }
    return (*hours * 60 + *minutes) * 60 + *seconds;
  }

  // Offset of the zone from UTC, in seconds.
  std::optional<std::int64_t> zone() {
    while (skip(' ')) {
    }
    if (rest_ == "UTC" || rest_ == "GMT") {
      rest_ = {};
    }
    if (rest_.empty() || skip('Z') || skip('z')) {
      return 0;
    }
    const bool west = rest_.starts_with('-');
    if (!skip('-') && !skip('+')) {
      return std::nullopt;
    }
    const auto hours = digits(2);
    skip(':');
    const auto minutes = rest_.empty() ? std::optional(0L) : digits(2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) {
      return std::nullopt;
    }
    const std::int64_t ahead = (*hours * 60 + *minutes) * 60;
    return west ? -ahead : ahead;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<Moment> parse_number_moment(std::string_view text) {
  const char* const last = text.data() + text.size();
  Moment moment;
  if (const auto [end, error] = std::from_chars(text.data(), last, moment.whole);
      error == std::errc() && end == last) {
    return moment;
  }
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), last, value);
  constexpr double kMost = 9e18;
  if (error != std::errc() || end != last || !(std::abs(value) < kMost)) {
    return std::nullopt;
  }
  const double whole = std::floor(value);
  moment.whole = static_cast<std::int64_t>(whole);
  moment.fraction = static_cast<float>(value - whole);
  return moment;
}

std::optional<Moment> parse_iso_moment(std::string_view text) {
  return IsoReader(text).read();
}

bool is_iso_date(std::string_view text) {
  IsoReader reader(text);
  return reader.date() && reader.at_end();
}

std::int64_t units_per_second(std::int64_t farthest) {
  constexpr double kYear5138 = 1e11;  // in seconds; as milliseconds the number is in 1973
  std::int64_t units = 1;
  for (double rest = std::abs(static_cast<double>(farthest));
       rest >= kYear5138 && units < 1'000'000'000;
       rest /= 1000.0) {
    units *= 1000;
  }
  return units;
}

Moment resolve_time(const char* option, const std::string& text, std::int64_t units_per_second) {
  if (const auto number = parse_number_moment(text)) {
    return *number;
  }
  auto moment = parse_iso_moment(text);
  if (!moment) {
    throw UsageError(option,
                     ": expected a number in the unit of the data's timestamps, or a date or time "
                     "such as 2019-12-31 or 2019-12-31T18:30:00Z, got '",
                     text,
                     "'");
  }
  const double units =
      static_cast<double>(moment->fraction) * static_cast<double>(units_per_second);
  // A four-digit year may overflow in nanoseconds; it is then replaced by the end of the range.
  std::int64_t whole = 0;
  if (__builtin_mul_overflow(moment->whole, units_per_second, &whole)) {
    whole = moment->whole > 0 ? INT64_MAX / 2 : INT64_MIN / 2;
  }
  moment->whole = whole;
  moment->whole += static_cast<std::int64_t>(units);
  moment->fraction = static_cast<float>(units - std::floor(units));
  return *moment;
}

std::string describe_time(const Moment& moment, std::int64_t units_per_second) {
  std::int64_t seconds = moment.whole / units_per_second;
  seconds -= moment.whole % units_per_second < 0 ? 1 : 0;
  std::int64_t days = seconds / kDay - (seconds % kDay < 0 ? 1 : 0);
  const std::int64_t second = seconds - days * kDay;
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

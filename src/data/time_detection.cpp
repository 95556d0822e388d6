#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/error.h"
#include "data/take_text.h"
#include "data/time_format.h"

namespace elastic::data {
namespace {

using Values = std::vector<std::string_view>;

constexpr std::int64_t kYear1970 = 0;
constexpr std::int64_t kYear1990 = 631'152'000;
constexpr std::int64_t kYear2040 = 2'208'988'800;
constexpr std::int64_t kYear2101 = 4'133'980'800;

// True if `some` is at least 95 % of `all`.
bool nearly_all(std::size_t some, std::size_t all) {
  return all > 0 && 20 * some >= 19 * all;
}

Values not_empty(const Values& values) {
  Values result;
  std::copy_if(
      values.begin(), values.end(), std::back_inserter(result), [](std::string_view value) {
        return !value.empty();
      });
  return result;
}

// The number of values that a format reads; 0 once it is certain to be less than 95 %.
std::size_t count_read(const TimeFormat& format, const Values& values) {
  std::size_t failed = 0;
  for (const std::string_view value : values) {
    failed += format.parse(value) ? 0 : 1;
    if (!nearly_all(values.size() - failed, values.size())) {
      return 0;
    }
  }
  return values.size() - failed;
}

bool reads(const TimeFormat& format, const Values& values) {
  return count_read(format, values) > 0;
}

// The digits of a whole number, which may be written as 20081026.0.
std::size_t digits_of_whole(std::string_view number) {
  std::string_view rest = number;
  const std::size_t digits = take_digits(rest).size();
  const bool is_whole = digits == number.size() ||
                        (number[digits] == '.' &&
                         number.find_first_not_of('0', digits + 1) == std::string_view::npos);
  return is_whole ? digits : 0;
}

// Numbers that are dates in digits, if nearly all have so many digits and all of these are dates
// from 1970 to 2100.
std::optional<TimeFormat> detect_compact(const Values& values) {
  for (const auto& [digits, text] :
       {std::pair(8U, "%Y%m%d"), std::pair(12U, "%Y%m%d%H%M"), std::pair(14U, "%Y%m%d%H%M%S")}) {
    const TimeFormat format = TimeFormat::from_text(text);
    std::size_t count = 0;
    bool are_dates = true;
    for (const std::string_view value : values) {
      if (digits_of_whole(value) == digits) {
        const auto moment = format.parse(value);
        are_dates = are_dates && moment && moment->whole >= kYear1970 && moment->whole < kYear2101;
        ++count;
      }
    }
    if (are_dates && nearly_all(count, values.size())) {
      return format;
    }
  }
  return std::nullopt;
}

// The format of dates with the time of day that the values have.
TimeFormat with_time_of_day(const std::string& date, const Values& values) {
  const TimeFormat format = TimeFormat::from_text(date);
  const bool is_finer = std::any_of(values.begin(), values.end(), [&](std::string_view value) {
    constexpr std::int64_t kMidnight = 24 * 60 * 60;
    const auto moment = format.parse(value);
    return moment && (moment->whole % kMidnight != 0 || moment->billionths != 0);
  });
  if (is_finer) {
    const bool is_compact = date == "%Y%m%d";
    const char* const separator = is_compact || date == "%Y-%m-%d" ? "T" : " ";
    for (const char* time : {is_compact ? "%H%M%S" : "%H:%M:%S", "%I:%M:%S %p"}) {
      const TimeFormat finer = TimeFormat::from_text(concat(date, separator, time));
      if (reads(finer, values)) {
        return finer;
      }
    }
  }
  return format;
}

// Dates that are read in one way only.
constexpr std::array<const char*, 22> kCertainDates{
    "%Y-%m-%d",     "%Y/%m/%d",    "%Y.%m.%d",     "%Y%m%d",       "%d.%m.%Y",    "%m.%d.%Y",
    "%m %d, %Y",    "%d-%b-%Y",    "%d %b %Y",     "%d/%b/%Y",     "%d. %b %Y",   "%b %d, %Y",
    "%b %d %Y",     "%b-%d-%Y",    "%a, %d %b %Y", "%a, %d-%b-%Y", "%a %d %b %Y", "%a, %b %d, %Y",
    "%a %b %d, %Y", "%a %b %d %Y", "%Y-%b-%d",     "%Y %b %d"};

// Dates with the time of day in their middle.
constexpr std::array<const char*, 3> kCertainTimes{
    "%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %Z %Y"};

// Dates whose first two numbers change places, and years of two digits.
constexpr std::array<std::array<const char*, 2>, 2> kUncertainDates{
    {{"%m/%d/%Y", "%d/%m/%Y"}, {"%m-%d-%Y", "%d-%m-%Y"}}};
constexpr std::array<std::array<const char*, 2>, 4> kShortYears{{{"%m/%d/%y", "%d/%m/%y"},
                                                                 {"%m-%d-%y", "%d-%m-%y"},
                                                                 {"%d.%m.%y", "%y.%m.%d"},
                                                                 {"%d-%b-%y", "%d %b %y"}}};

// "--time-format PATTERN" for a shell.
std::string option_of(const std::string& pattern) {
  const char* const quote = pattern.find(' ') != std::string::npos ? "'" : "";
  return concat("--time-format ", quote, pattern, quote);
}

std::string_view first_read(const TimeFormat& format, const Values& values) {
  return *std::find_if(values.begin(), values.end(), [&](std::string_view value) {
    return format.parse(value).has_value();
  });
}

std::string ambiguity_of(const char* first, const char* second, const Values& values) {
  const TimeFormat format = TimeFormat::from_text(first);
  return concat("'",
                first_read(format, values),
                "' is ",
                format.describe(),
                " or ",
                TimeFormat::from_text(second).describe(),
                ": choose by ",
                option_of(first),
                " or ",
                option_of(second));
}

TimeFormat::Detected detect_uncertain(const Values& values) {
  for (const auto& [month_first, day_first] : kUncertainDates) {
    const std::size_t as_months = count_read(TimeFormat::from_text(month_first), values);
    const std::size_t as_days = count_read(TimeFormat::from_text(day_first), values);
    if (as_months == as_days && as_days > 0) {
      return {std::nullopt, ambiguity_of(month_first, day_first, values)};
    }
    if (as_months != as_days) {
      return {with_time_of_day(as_months > as_days ? month_first : day_first, values), ""};
    }
  }
  for (const auto& [first, second] : kShortYears) {
    const bool as_first = reads(TimeFormat::from_text(first), values);
    const bool as_second = reads(TimeFormat::from_text(second), values);
    if (as_first && as_second) {
      return {std::nullopt, ambiguity_of(first, second, values)};
    }
    if (as_first || as_second) {
      const char* const only = as_first ? first : second;
      return {std::nullopt,
              concat("the year of '",
                     first_read(TimeFormat::from_text(only), values),
                     "' has two digits: ",
                     option_of(only),
                     " reads 69 to 99 as 1969 to 1999, others as 2000 to 2068")};
    }
  }
  return {};
}

}  // namespace

TimeFormat::Detected TimeFormat::detect(const Values& sample) {
  const Values values = not_empty(sample);
  if (reads(TimeFormat(), values)) {
    const auto compact = detect_compact(values);
    return {compact ? *compact : TimeFormat(), ""};
  }
  for (const char* date : kCertainDates) {
    if (reads(from_text(date), values)) {
      return {with_time_of_day(date, values), ""};
    }
  }
  for (const char* pattern : kCertainTimes) {
    if (const TimeFormat format = from_text(pattern); reads(format, values)) {
      return {format, ""};
    }
  }
  return detect_uncertain(values);
}

TimeFormat::Detected TimeFormat::detect_time_of_day(const Values& sample) {
  const Values values = not_empty(sample);
  for (const char* text : {"hh", "hhmm", "hhmmss", "time of day"}) {
    if (const TimeFormat format = from_text(text); reads(format, values)) {
      return {format, ""};
    }
  }
  return {};
}

bool looks_like_epoch(const Values& sample) {
  const Values values = not_empty(sample);
  std::int64_t unit = 1;
  for (int i = 0; i < 4; ++i, unit *= 1000) {
    const auto count = std::count_if(values.begin(), values.end(), [&](std::string_view value) {
      const auto number = parse_number_moment(value);
      return number && number->whole / unit >= kYear1990 && number->whole / unit < kYear2040;
    });
    if (nearly_all(static_cast<std::size_t>(count), values.size())) {
      return true;
    }
  }
  return false;
}

}  // namespace elastic::data

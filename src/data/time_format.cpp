#include "data/time_format.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "data/calendar_pattern.h"

namespace elastic::data {
namespace {

constexpr const char* kNumberText = "number";
constexpr const char* kTimeOfDayText = "time of day";

struct Unit {
  const char* name;
  const char* directive;
  std::int64_t per_second;
};
constexpr std::array<Unit, 4> kUnits{{{"seconds", "%s", 1},
                                      {"milliseconds", "%Q", 1000},
                                      {"microseconds", "", 1'000'000},
                                      {"nanoseconds", "", 1'000'000'000}}};

// Texts of times of day without colons, and their number of digits.
constexpr std::array<std::pair<const char*, std::int64_t>, 3> kDigitsOfDay{
    {{"hh", 2}, {"hhmm", 4}, {"hhmmss", 6}}};

// Times of day that TimeScanner reads after a date.
constexpr std::array<const char*, 12> kUsualTimes{"%H:%M:%S",
                                                  "%H:%M",
                                                  "%H",
                                                  "%H%M%S",
                                                  "%H%M",
                                                  "%I:%M:%S %p",
                                                  "%I:%M:%S%p",
                                                  "%I:%M %p",
                                                  "%I:%M%p",
                                                  "%I %p",
                                                  "%I%p",
                                                  ""};

bool has_directive(const std::string& pattern, const char* directives) {
  for (std::size_t i = 0; i + 1 < pattern.size(); i += pattern[i] == '%' ? 2 : 1) {
    if (pattern[i] == '%' &&
        std::string_view(directives).find(pattern[i + 1]) != std::string::npos) {
      return true;
    }
  }
  return false;
}

[[noreturn]] void refuse_pattern(const std::string& pattern, const std::string& problem) {
  throw UsageError(
      "--time-format: expected a pattern such as %d/%m/%Y, or seconds, milliseconds, "
      "microseconds or nanoseconds, got '",
      pattern,
      "': ",
      problem);
}

// The pattern in the directives of calendar_pattern.h.
std::string normalise(const std::string& pattern) {
  std::string result;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      result += pattern[i];
      continue;
    }
    const char directive = ++i < pattern.size() ? pattern[i] : '\0';
    static constexpr std::array<std::pair<char, const char*>, 10> kShort{{{'T', "%H:%M:%S"},
                                                                          {'R', "%H:%M"},
                                                                          {'F', "%Y-%m-%d"},
                                                                          {'D', "%m/%d/%y"},
                                                                          {'r', "%I:%M:%S %p"},
                                                                          {'h', "%b"},
                                                                          {'B', "%b"},
                                                                          {'A', "%a"},
                                                                          {'e', "%d"},
                                                                          {'n', " "}}};
    const auto* const found = std::find_if(
        kShort.begin(), kShort.end(), [&](const auto& entry) { return entry.first == directive; });
    if (found != kShort.end()) {
      result += found->second;
    } else if (directive == 't') {
      result += ' ';
    } else if (directive == 'f' && (result.ends_with("%S.") || result.ends_with("%S,"))) {
      result.pop_back();  // %S reads fractions
    } else if (directive != '\0' &&
               std::string_view("abdjmYyHIMSpzZ%").find(directive) != std::string_view::npos) {
      result += {'%', directive};
    } else if (directive == 'f') {
      refuse_pattern(pattern, "%f must follow %S and a decimal point");
    } else {
      refuse_pattern(pattern,
                     concat("%",
                            directive == '\0' ? "" : std::string(1, directive),
                            " is not among %Y %y %m %b %d %j %a %H %I %M %S %f %p %z %Z"));
    }
  }
  return result;
}

void check_pattern(const std::string& pattern, const std::string& normalised) {
  const auto has = [&](const char* directives) { return has_directive(normalised, directives); };
  if (!has("Yy") || !(has("j") || (has("mb") && has("d")))) {
    refuse_pattern(pattern, "a date needs a year, a month and a day");
  }
  if (has("I") != has("p")) {
    refuse_pattern(pattern, "a 12-hour clock needs %I and %p");
  }
  if ((has("MS") && !has("HI")) || (has("S") && !has("M"))) {
    refuse_pattern(pattern, "a time of day needs an hour, and seconds need minutes");
  }
}

bool cut_end(std::string& text, std::string_view end) {
  if (!text.ends_with(end)) {
    return false;
  }
  text.resize(text.size() - end.size());
  return true;
}

// A pattern as a date and a usual time of day after it.
struct DateAndTime {
  std::string date;
  std::string time;
  bool is_separated = false;
};

std::optional<DateAndTime> split_pattern(const std::string& normalised) {
  std::size_t at = 0;
  for (; at + 1 < normalised.size(); at += normalised[at] == '%' ? 2 : 1) {
    if (normalised[at] == '%' &&
        std::string_view("HIMSpzZ").find(normalised[at + 1]) != std::string_view::npos) {
      break;
    }
  }
  at = at + 1 < normalised.size() ? at : normalised.size();
  DateAndTime parts{normalised.substr(0, at), normalised.substr(at)};
  if (parts.time.empty()) {
    return parts;
  }
  if (!cut_end(parts.time, " %z") && !cut_end(parts.time, "%z") && !cut_end(parts.time, " %Z") &&
      !cut_end(parts.time, "Z") && !cut_end(parts.time, " UTC")) {
    cut_end(parts.time, " GMT");
  }
  if (std::find(kUsualTimes.begin(), kUsualTimes.end(), parts.time) == kUsualTimes.end()) {
    return std::nullopt;
  }
  cut_end(parts.date, " at ");
  parts.is_separated =
      parts.date.size() < at || cut_end(parts.date, "T") || cut_end(parts.date, ":");
  while (cut_end(parts.date, " ")) {
    parts.is_separated = true;
  }
  cut_end(parts.date, ",");
  return parts;
}

// Removes a decimal point and zeros after it: whole numbers are often written as fractions.
std::string_view without_zeros(std::string_view digits) {
  const std::size_t point = digits.find('.');
  if (point == std::string_view::npos ||
      digits.find_first_not_of('0', point + 1) != std::string_view::npos) {
    return digits;
  }
  return digits.substr(0, point);
}

// "month/day/year" of "%m/%d/%Y".
std::string description_of(const std::string& pattern) {
  std::string words;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      words += pattern[i];
      continue;
    }
    static constexpr std::array<std::pair<char, const char*>, 7> kWords{{{'Y', "year"},
                                                                         {'y', "short year"},
                                                                         {'m', "month"},
                                                                         {'b', "month's name"},
                                                                         {'d', "day"},
                                                                         {'j', "day of the year"},
                                                                         {'a', "weekday"}}};
    const char directive = pattern[++i];
    for (const auto& [letter, word] : kWords) {
      words += letter == directive ? word : "";
    }
  }
  return words;
}

}  // namespace

TimeFormat TimeFormat::from_text(const std::string& text) {
  TimeFormat format;
  format.text_ = text;
  format.has_time_ = true;
  if (text == kNumberText) {
    return format;
  }
  if (text == kTimeOfDayText) {
    format.form_ = Form::kTimeOfDay;
    return format;
  }
  for (const auto& [name, digits] : kDigitsOfDay) {
    if (text == name) {
      format.form_ = Form::kDigitsOfDay;
      format.units_ = digits;
      return format;
    }
  }
  return parse_pattern(text);
}

TimeFormat TimeFormat::parse_pattern(const std::string& pattern) {
  for (const Unit& unit : kUnits) {
    if (pattern == unit.name || (!pattern.empty() && pattern == unit.directive)) {
      TimeFormat format;
      format.form_ = Form::kUnit;
      format.units_ = unit.per_second;
      format.has_time_ = true;
      format.text_ = pattern;
      return format;
    }
  }
  if (pattern.find('\0') != std::string::npos) {
    refuse_pattern(pattern, "it contains a zero byte");
  }
  return of_pattern(pattern);
}

TimeFormat TimeFormat::of_pattern(const std::string& pattern) {
  TimeFormat format;
  format.text_ = pattern;
  format.pattern_ = normalise(pattern);
  check_pattern(pattern, format.pattern_);
  format.has_time_ = has_directive(format.pattern_, "HI");
  format.form_ = Form::kWhole;
  const auto parts = split_pattern(format.pattern_);
  if (!parts) {
    return format;
  }
  const bool is_compact = parts->date == "%Y%m%d";
  if (!parts->time.empty() && !parts->is_separated && !is_compact) {
    return format;
  }
  format.clock_ = has_directive(parts->time, "I")   ? Clock::k12
                  : has_directive(parts->time, "H") ? Clock::k24
                                                    : Clock::kAny;
  format.form_ = is_compact ? Form::kCompact : Form::kDate;
  for (const char separator : {'-', '/', '.'}) {
    if (parts->date == concat("%Y", separator, "%m", separator, "%d")) {
      format.form_ = Form::kYearFirst;
      format.separator_ = separator;
    }
  }
  format.pattern_ = parts->date;
  return format;
}

std::optional<Moment> TimeFormat::parse(std::string_view text) const {
  std::optional<Moment> date;
  TimeScanner scanner(text);
  switch (form_) {
    case Form::kNumber:
      return parse_number_moment(text);
    case Form::kUnit: {
      const auto number = parse_number_moment(text);
      return number ? std::optional(to_seconds(*number, units_)) : std::nullopt;
    }
    case Form::kDigitsOfDay:
      return parse_digits_of_day(text);
    case Form::kCompact:
      return parse_compact(text);
    case Form::kTimeOfDay: {
      const auto time = scanner.time_of_day(Clock::kAny);
      return time && scanner.at_end() ? std::optional(Moment{time->seconds, time->billionths})
                                      : std::nullopt;
    }
    case Form::kYearFirst:
      if (const auto seconds = scanner.year_first_date(separator_, 1)) {
        date = Moment{*seconds};
      }
      break;
    case Form::kDate:
    case Form::kWhole:
      if (const auto match = match_pattern(text, pattern_)) {
        date = match->moment;
        scanner = TimeScanner(match->rest);
      }
      break;
  }
  if (!date || form_ == Form::kWhole) {
    return date && scanner.at_end() ? date : std::nullopt;
  }
  const auto time = scanner.rest_of_date(clock_);
  return time ? std::optional(Moment{date->whole + time->seconds, time->billionths}) : std::nullopt;
}

// 20081026, 200810262158 or 20081026215813, or a date and a separated time of day.
std::optional<Moment> TimeFormat::parse_compact(std::string_view text) const {
  TimeScanner scanner(without_zeros(text));
  const auto date = scanner.compact_date();
  if (!date) {
    return std::nullopt;
  }
  const bool continues = !scanner.at_end() && scanner.rest()[0] >= '0' && scanner.rest()[0] <= '9';
  const auto time = continues ? scanner.time_of_day(Clock::k24) : scanner.rest_of_date(clock_);
  const auto ahead = time && continues ? scanner.zone() : std::optional<std::int64_t>(0);
  if (!time || !ahead || !scanner.at_end()) {
    return std::nullopt;
  }
  return Moment{*date + time->seconds - *ahead, time->billionths};
}

// 930 is 9:30 of hhmm: numbers lose their leading zeros.
std::optional<Moment> TimeFormat::parse_digits_of_day(std::string_view text) const {
  const auto number = parse_number_moment(text);
  const auto most = static_cast<std::size_t>(units_);
  if (!number || number->whole < 0 || number->billionths > 0 || without_zeros(text).size() > most) {
    return std::nullopt;
  }
  std::array<std::int64_t, 3> parts{};  // hours, minutes, seconds
  std::int64_t rest = number->whole;
  for (std::size_t i = most / 2; i > 0; --i) {
    parts[i - 1] = i == 1 ? rest : rest % 100;
    rest /= 100;
  }
  const auto& [hours, minutes, seconds] = parts;
  if (hours > 23 || minutes > 59 || seconds > 59) {
    return std::nullopt;
  }
  return Moment{(hours * 60 + minutes) * 60 + seconds};
}

bool TimeFormat::has_time_of_day() const {
  return form_ == Form::kNumber || has_time_;
}

bool TimeFormat::is_date() const {
  return form_ == Form::kYearFirst || form_ == Form::kCompact || form_ == Form::kDate ||
         form_ == Form::kWhole;
}

std::string TimeFormat::describe() const {
  const char* const clock = clock_ == Clock::k12 ? " and a 12-hour clock"
                            : has_time_          ? " and a time of day"
                                                 : "";
  switch (form_) {
    case Form::kNumber:
      return "a number";
    case Form::kUnit:
      return concat(std::find_if(kUnits.begin(),
                                 kUnits.end(),
                                 [&](const Unit& unit) { return unit.per_second == units_; })
                        ->name,
                    " since 1970");
    case Form::kTimeOfDay:
      return "a time of day";
    case Form::kDigitsOfDay:
      return concat("a time of day as ", text_);
    case Form::kWhole:
      return concat("a time as ", text_);
    case Form::kCompact:
      return concat("a date in digits", clock);
    case Form::kYearFirst:
      if (separator_ == '-') {
        return has_time_ ? "a date and time" : "a date";
      }
      break;
    case Form::kDate:
      break;
  }
  return description_of(pattern_) + clock;
}

std::string TimeFormat::example() const {
  constexpr Moment kExample{1225058293, 0};  // 2008-10-26T21:58:13
  constexpr std::int64_t kExampleDay = 24 * 60 * 60;
  return form_ == Form::kTimeOfDay || form_ == Form::kDigitsOfDay
             ? write({kExample.whole % kExampleDay})
             : write(kExample);
}

std::string TimeFormat::write(const Moment& moment) const {
  switch (form_) {
    case Form::kNumber:
      return write_number(moment);
    case Form::kUnit:
      return write_number(from_seconds(moment, units_));
    case Form::kTimeOfDay:
      return write_pattern(moment, "%H:%M:%S");
    case Form::kDigitsOfDay:
      return write_pattern(moment,
                           std::string("%H%M%S").substr(0, static_cast<std::size_t>(units_)));
    default:
      return write_pattern(moment, normalise(text_));
  }
}

}  // namespace elastic::data

#include "data/calendar_pattern.h"

#include <date/date.h>

#include <algorithm>
#include <chrono>
#include <istream>
#include <locale>
#include <sstream>
#include <streambuf>

namespace elastic::data {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr int kFirstYear = 1000;  // a shorter number is no year of four digits
constexpr int kLastYear = 9999;

// Reads a text where it lies.
class ViewBuffer : public std::streambuf {
 public:
  void set(std::string_view text) {
    char* const begin = const_cast<char*>(text.data());  // never written
    setg(begin, begin, begin + text.size());
  }
  [[nodiscard]] std::string_view rest() const {
    return {gptr(), static_cast<std::size_t>(egptr() - gptr())};
  }
};

// A stream is made once per thread: that takes longer than to read a date.
class ViewStream {
 public:
  ViewStream() : stream_(&buffer_) { stream_.imbue(std::locale::classic()); }
  std::istream& open(std::string_view text) {
    buffer_.set(text);
    stream_.clear();
    return stream_;
  }
  [[nodiscard]] std::string_view rest() const { return buffer_.rest(); }

 private:
  ViewBuffer buffer_;
  std::istream stream_;
};

// More digits before the decimal point would overflow the library's seconds.
bool has_long_number(std::string_view text) {
  std::size_t digits = 0;
  for (const char c : text) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits > 9) {
      return true;
    }
  }
  return false;
}

// The library negates the zone that it did not read after a '-' without two digits.
bool has_lone_minus(std::string_view text) {
  const auto is_digit_at = [&](std::size_t at) {
    return at < text.size() && text[at] >= '0' && text[at] <= '9';
  };
  for (std::size_t at = text.find('-'); at != std::string_view::npos; at = text.find('-', at + 1)) {
    if (!is_digit_at(at + 1) || !is_digit_at(at + 2)) {
      return true;
    }
  }
  return false;
}

bool is_utc(std::string_view zone) {
  return zone.empty() || zone == "UTC" || zone == "GMT" || zone == "UT" || zone == "Z";
}

template <class Duration>
std::optional<PatternMatch> match(std::string_view text, const std::string& pattern) {
  thread_local ViewStream input;
  date::fields<Duration> fields;
  std::string zone;
  std::chrono::minutes ahead{0};
  std::istream& stream = input.open(text);
  date::from_stream(stream, pattern.c_str(), fields, &zone, &ahead);
  if (stream.fail() || !fields.ymd.ok() || !fields.tod.in_conventional_range() || !is_utc(zone)) {
    return std::nullopt;
  }
  const int year = static_cast<int>(fields.ymd.year());
  if (year < kFirstYear || year > kLastYear || std::chrono::abs(ahead) >= date::days(1)) {
    return std::nullopt;
  }
  const Duration time = fields.tod.to_duration();
  const seconds whole = std::chrono::floor<seconds>(time);
  const seconds date = date::sys_days(fields.ymd).time_since_epoch();
  const nanoseconds fraction = time - whole;
  return PatternMatch{
      {(date + whole - ahead).count(), static_cast<std::uint32_t>(fraction.count())}, input.rest()};
}

}  // namespace

std::optional<PatternMatch> match_pattern(std::string_view text, const std::string& pattern) {
  if (pattern.find("%z") != std::string::npos && has_lone_minus(text)) {
    return std::nullopt;
  }
  // The library reads a fraction if the fields have one.
  const bool may_have_fraction =
      pattern.find("%S") != std::string::npos && text.find('.') != std::string_view::npos;
  if (may_have_fraction) {
    return has_long_number(text) ? std::nullopt : match<nanoseconds>(text, pattern);
  }
  return match<seconds>(text, pattern);
}

std::string write_pattern(const Moment& moment, const std::string& pattern) {
  constexpr std::int64_t kFarthestSecond = 400'000'000'000;  // beyond the years 0 and 9999
  if (std::clamp(moment.whole, -kFarthestSecond, kFarthestSecond) != moment.whole) {
    return "";
  }
  const date::sys_seconds whole{seconds(moment.whole)};
  const date::sys_days day = date::floor<date::days>(whole);
  const date::year_month_day ymd(day);
  if (static_cast<int>(ymd.year()) < kFirstYear || static_cast<int>(ymd.year()) > kLastYear) {
    return "";
  }
  std::ostringstream out;
  out.imbue(std::locale::classic());
  const std::string zone = "UTC";
  const seconds ahead{0};
  if (moment.billionths == 0) {
    const date::fields<seconds> fields(ymd, date::hh_mm_ss<seconds>(whole - day));
    date::to_stream(out, pattern.c_str(), fields, &zone, &ahead);
  } else {
    const nanoseconds time = whole - day + nanoseconds(moment.billionths);
    const date::fields<nanoseconds> fields(ymd, date::hh_mm_ss<nanoseconds>(time));
    date::to_stream(out, pattern.c_str(), fields, &zone, &ahead);
  }
  return out.str();
}

}  // namespace elastic::data

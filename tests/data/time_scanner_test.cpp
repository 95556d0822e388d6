#include "data/time_scanner.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

namespace elastic::data {
namespace time_scanner_test {

// "SECONDS" or "SECONDS.BILLIONTHS", then the text that is left in brackets; "none" for no time.
std::string clock_of(std::string_view text, Clock clock = Clock::kAny) {
  TimeScanner scanner(text);
  const std::optional<TimeOfDay> time = scanner.time_of_day(clock);
  if (!time) {
    return "none";
  }
  std::string result = std::to_string(time->seconds);
  if (time->billionths > 0) {
    result += "." + std::to_string(time->billionths);
  }
  return scanner.at_end() ? result : result + " [" + std::string(scanner.rest()) + "]";
}

std::optional<std::int64_t> zone_of(std::string_view text) {
  TimeScanner scanner(text);
  const auto ahead = scanner.zone();
  return scanner.at_end() ? ahead : std::nullopt;
}

std::string rest_of(std::string_view text) {
  TimeScanner scanner(text);
  const auto time = scanner.rest_of_date(Clock::kAny);
  return time ? std::to_string(time->seconds) : "none";
}

TEST_CASE("time scanner: hours, minutes and seconds have their bounds") {
  CHECK(clock_of("0") == "0");
  CHECK(clock_of("9") == "32400");
  CHECK(clock_of("23:59:59") == "86399");
  CHECK(clock_of("23:59:60") == "86400");  // a leap second
  CHECK(clock_of("00:00:61") == "none");
  CHECK(clock_of("00:60:00") == "none");
  CHECK(clock_of("00:60") == "none");
  CHECK(clock_of("00:60:61") == "none");
  CHECK(clock_of("24:00:00") == "none");
  CHECK(clock_of("24") == "none");
  CHECK(clock_of("2158") == "79080");
  CHECK(clock_of("215813") == "79093");
  CHECK(clock_of("2160") == "none");
  CHECK(clock_of("123") == "none");
  CHECK(clock_of("12345") == "none");
  CHECK(clock_of("21:5") == "none");
  CHECK(clock_of("21:58:1") == "none");
  CHECK(clock_of("") == "none");
  CHECK(clock_of(":30") == "none");
}

TEST_CASE("time scanner: a fraction has at least one digit, of which nine count") {
  CHECK(clock_of("00:00:01.5") == "1.500000000");
  CHECK(clock_of("00:00:01,25") == "1.250000000");
  CHECK(clock_of("00:00:01.000000001") == "1.1");
  CHECK(clock_of("00:00:01.1234567899") == "1.123456789");
  CHECK(clock_of("00:00:01.") == "none");
  CHECK(clock_of("00:00.5") == "0 [.5]");
}

TEST_CASE("time scanner: AM and PM follow an hour from 1 to 12") {
  CHECK(clock_of("12 AM") == "0");
  CHECK(clock_of("1 am") == "3600");
  CHECK(clock_of("12:30 p.m.") == "45000");
  CHECK(clock_of("11 PM") == "82800");
  CHECK(clock_of("1\u202fPM") == "46800");
  CHECK(clock_of("1\u00a0 PM") == "46800");
  CHECK(clock_of("0 AM") == "none");
  CHECK(clock_of("13 AM") == "none");
  CHECK(clock_of("1 PM", Clock::k12) == "46800");
  CHECK(clock_of("1", Clock::k12) == "none");
  CHECK(clock_of("1 x", Clock::k12) == "none");
  CHECK(clock_of("1 PM", Clock::k24) == "none");
  CHECK(clock_of("1 x", Clock::k24) == "3600 [ x]");
  CHECK(clock_of("1", Clock::k24) == "3600");
}

TEST_CASE("time scanner: zones are whole, with hours to 23 and minutes to 59") {
  CHECK(zone_of("") == 0);
  CHECK(zone_of("Z") == 0);
  CHECK(zone_of(" UTC") == 0);
  CHECK(zone_of("+02") == 7200);
  CHECK(zone_of("+0230") == 9000);
  CHECK(zone_of("-02:30") == -9000);
  CHECK(zone_of("GMT+0200 (Central European Summer Time)") == 7200);
  CHECK(zone_of("+0200 UTC") == 7200);
  CHECK(zone_of("+0200 gmt") == 7200);
  CHECK(zone_of("+23:59") == 86340);
  CHECK(zone_of("+24:00") == std::nullopt);
  CHECK(zone_of("+23:60") == std::nullopt);
  CHECK(zone_of("+2") == std::nullopt);
  CHECK(zone_of("+02:") == std::nullopt);
  CHECK(zone_of("+02:3") == std::nullopt);
  CHECK(zone_of("UTC+0200 UTC") == std::nullopt);
  CHECK(zone_of("(CEST") == std::nullopt);
  CHECK(zone_of("CEST)") == std::nullopt);
}

TEST_CASE("time scanner: a separator leads from the date to its time of day") {
  CHECK(rest_of("") == "0");
  for (const char* text : {"T10:00", "t10:00", ":10:00", " 10:00", ", 10:00", " at 10:00"}) {
    CAPTURE(text);
    CHECK(rest_of(text) == "36000");
  }
  CHECK(rest_of("T10:00+02:00") == "28800");
  for (const char* text : {"10:00", ",10:00", " at10:00", "T", " 10:00 x", "at 10:00"}) {
    CAPTURE(text);
    CHECK(rest_of(text) == "none");
  }
}

TEST_CASE("time scanner: dates need all their digits and must exist") {
  const auto year_first = [](std::string_view text, std::size_t least) {
    return TimeScanner(text).year_first_date('-', least);
  };
  CHECK(year_first("1970-01-02", 2) == 86400);
  CHECK(year_first("1970-1-2", 1) == 86400);
  CHECK(year_first("1970-1-2", 2) == std::nullopt);
  CHECK(year_first("1970/01/02", 2) == std::nullopt);
  CHECK(year_first("1970-01/02", 2) == std::nullopt);
  CHECK(year_first("197-01-02", 2) == std::nullopt);
  CHECK(year_first("2021-02-29", 2) == std::nullopt);
  CHECK(year_first("2020-02-29", 2).has_value());
  CHECK(TimeScanner("19700102").compact_date() == 86400);
  CHECK(TimeScanner("1970012").compact_date() == std::nullopt);
  CHECK(TimeScanner("19701302").compact_date() == std::nullopt);
}

}  // namespace time_scanner_test
}  // namespace elastic::data

#include "data/time_format.h"

#include <doctest/doctest.h>

#include <random>

#include "base/error.h"

namespace elastic::data {
namespace {

constexpr std::int64_t kDay = 1224979200;  // 2008-10-26
constexpr std::int64_t kMinute = kDay + (21 * 60 + 58) * 60;
constexpr std::int64_t kSecond = kMinute + 13;

using Values = std::vector<std::string_view>;

TimeFormat::Detected detect(const Values& values) {
  return TimeFormat::detect(values);
}

std::string text_of(const TimeFormat::Detected& detected) {
  return detected.format ? detected.format->text() : "none";
}

struct Form {
  std::string value;
  Moment moment;
  std::string text;  // of the format
};

void check_forms(const std::vector<Form>& forms) {
  for (const Form& form : forms) {
    CAPTURE(form.value);
    const TimeFormat::Detected detected = detect({form.value});
    REQUIRE(text_of(detected) == form.text);
    const auto moment = detected.format->parse(form.value);
    REQUIRE(moment);
    CHECK(moment->whole == form.moment.whole);
    CHECK(moment->billionths == form.moment.billionths);
    CHECK(detected.ambiguity.empty());
    CHECK(TimeFormat::from_text(form.text) == *detected.format);
  }
}

TEST_CASE("time format: ISO 8601 is detected in all usual shapes") {
  const char* const date = "%Y-%m-%d";
  const char* const time = "%Y-%m-%dT%H:%M:%S";
  const char* const basic = "%Y%m%dT%H%M%S";
  check_forms({{"2008-10-26", {kDay}, date},
               {"2008-10-26 00:00:00", {kDay}, date},
               {"2008-10-26T21:58:13", {kSecond}, time},
               {"2008-10-26t21:58:13z", {kSecond}, time},
               {"2008-10-26 21:58:13", {kSecond}, time},
               {"2008-10-26 21:58", {kMinute}, time},
               {"2008-10-26 21", {kDay + 21 * 3600}, time},
               {"2008-10-26 9:08", {kDay + 9 * 3600 + 480}, time},
               {"2008-1-5 9:08", {1199491200 + 9 * 3600 + 480}, time},
               {"2008-10-26T21:58:13Z", {kSecond}, time},
               {"2008-10-26T23:58:13+02:00", {kSecond}, time},
               {"2008-10-26T23:58:13+0200", {kSecond}, time},
               {"2008-10-26T23:58:13+02", {kSecond}, time},
               {"2008-10-26T16:28:13-05:30", {kSecond}, time},
               {"2008-10-26 21:58:13 UTC", {kSecond}, time},
               {"2008-10-26 21:58:13 GMT", {kSecond}, time},
               {"2008-10-26 21:58:13 +0000 UTC", {kSecond}, time},
               {"2008-10-26T21:58:13.25Z", {kSecond, 250000000}, time},
               {"2008-10-26T21:58:13,25", {kSecond, 250000000}, time},
               {"2008-10-26T21:58:13.123456789123456", {kSecond, 123456789}, time},
               {"20081026T215813Z", {kSecond}, basic},
               {"20081026T215813.5Z", {kSecond, 500000000}, basic},
               {"20081026T2158", {kMinute}, basic},
               {"20081026 21:58:13", {kSecond}, basic}});
}

TEST_CASE("time format: mail, log and ctime forms are detected") {
  const char* const rfc = "%a, %d %b %Y %H:%M:%S";
  check_forms({{"Sun, 26 Oct 2008 21:58:13 +0000", {kSecond}, rfc},
               {"Sun, 26 Oct 2008 23:58:13 +0200", {kSecond}, rfc},
               {"Sun, 26 Oct 2008 21:58:13 GMT", {kSecond}, rfc},
               {"26 Oct 2008 21:58:13 +0000", {kSecond}, "%d %b %Y %H:%M:%S"},
               {"Sun Oct 26 21:58:13 2008", {kSecond}, "%a %b %d %H:%M:%S %Y"},
               {"Sun Oct 26 14:58:13 -0700 2008", {kSecond}, "%a %b %d %H:%M:%S %z %Y"},
               {"Sun Oct 26 21:58:13 UTC 2008", {kSecond}, "%a %b %d %H:%M:%S %Z %Y"},
               {"Sun Oct  5 21:58:13 2008", {kSecond - 21 * 86400}, "%a %b %d %H:%M:%S %Y"},
               {"26/Oct/2008:21:58:13 +0000", {kSecond}, "%d/%b/%Y %H:%M:%S"},
               {"Sun Oct 26 2008 23:58:13 GMT+0200 (Central European Time)",
                {kSecond},
                "%a %b %d %Y %H:%M:%S"}});
}

TEST_CASE("time format: dates in numbers are detected in any order that a value decides") {
  check_forms({{"10/26/2008", {kDay}, "%m/%d/%Y"},
               {"26/10/2008", {kDay}, "%d/%m/%Y"},
               {"10/26/2008 21:58", {kMinute}, "%m/%d/%Y %H:%M:%S"},
               {"10/26/2008 09:58:13 PM", {kSecond}, "%m/%d/%Y %I:%M:%S %p"},
               {"10/26/2008, 9:58:13 pm", {kSecond}, "%m/%d/%Y %I:%M:%S %p"},
               {"10/26/2008 9:58 p.m.", {kMinute}, "%m/%d/%Y %I:%M:%S %p"},
               {"10/26/2008 9:58:13\u202fPM", {kSecond}, "%m/%d/%Y %I:%M:%S %p"},
               {"10/26/2008 12:01AM", {kDay + 60}, "%m/%d/%Y %I:%M:%S %p"},
               {"10/26/2008 12:01:00.5 PM", {kDay + 43260, 500000000}, "%m/%d/%Y %I:%M:%S %p"},
               {"26/10/2008 21:58:13", {kSecond}, "%d/%m/%Y %H:%M:%S"},
               {"26/10/2008 21:58:13.0625", {kSecond, 62500000}, "%d/%m/%Y %H:%M:%S"},
               {"26-10-2008", {kDay}, "%d-%m-%Y"},
               {"10-26-2008 21:58", {kMinute}, "%m-%d-%Y %H:%M:%S"},
               {"26.10.2008 21:58", {kMinute}, "%d.%m.%Y %H:%M:%S"},
               {"5.1.2008", {1199491200}, "%d.%m.%Y"},
               {"10.26.2008", {kDay}, "%m.%d.%Y"},
               {"2008/10/26 21:58:13", {kSecond}, "%Y/%m/%d %H:%M:%S"},
               {"2008/1/5", {1199491200}, "%Y/%m/%d"},
               {"2008.10.26", {kDay}, "%Y.%m.%d"},
               {"10 26, 2008", {kDay}, "%m %d, %Y"}});
}

TEST_CASE("time format: dates with the names of months are detected") {
  check_forms({{"26-Oct-2008", {kDay}, "%d-%b-%Y"},
               {"26-OCT-2008 21:58:13", {kSecond}, "%d-%b-%Y %H:%M:%S"},
               {"26 October 2008", {kDay}, "%d %b %Y"},
               {"Oct 26, 2008", {kDay}, "%b %d, %Y"},
               {"October 26, 2008 9:58 PM", {kMinute}, "%b %d, %Y %I:%M:%S %p"},
               {"October 26, 2008 at 9:58 PM", {kMinute}, "%b %d, %Y %I:%M:%S %p"},
               {"Oct 26 2008 21:58", {kMinute}, "%b %d %Y %H:%M:%S"},
               {"Sunday, October 26, 2008", {kDay}, "%a, %b %d, %Y"},
               {"2008-Oct-26", {kDay}, "%Y-%b-%d"}});
}

TEST_CASE("time format: numbers are dates in digits only if all can be") {
  check_forms({{"20081026", {kDay}, "%Y%m%d"},
               {"20081026.0", {kDay}, "%Y%m%d"},
               {"200810262158", {kMinute}, "%Y%m%d%H%M"},
               {"20081026215813", {kSecond}, "%Y%m%d%H%M%S"},
               {"20081399", {20081399}, "number"},
               {"19691231", {19691231}, "number"},
               {"21010101", {21010101}, "number"},
               {"1225058293", {1225058293}, "number"},
               {"1225058293123", {1225058293123}, "number"},
               {"1225058293.5", {1225058293, 500000000}, "number"},
               {"1.225058293E9", {1225058293}, "number"},
               {"1026", {1026}, "number"},
               {"12", {12}, "number"}});
  CHECK(text_of(detect({"20081026", "20081027", "20081399"})) == "number");
  Values dates(99, "20081026");
  dates.push_back("0");
  CHECK(text_of(detect(dates)) == "%Y%m%d");
  dates.push_back("20089999");
  CHECK(text_of(detect(dates)) == "number");
}

TEST_CASE("time format: a day and a month that could change places are ambiguous") {
  const auto slashes = detect({"03/04/2008", "05/06/2008"});
  CHECK(!slashes.format);
  CHECK(slashes.ambiguity ==
        "'03/04/2008' is month/day/year or day/month/year: choose by --time-format %m/%d/%Y or "
        "--time-format %d/%m/%Y");
  CHECK(!detect({"3-4-2008 21:58"}).ambiguity.empty());
  CHECK(text_of(detect({"03/04/2008", "25/06/2008"})) == "%d/%m/%Y");
  CHECK(text_of(detect({"03/04/2008", "06/25/2008"})) == "%m/%d/%Y");
  CHECK(text_of(detect({"03/25/2008", "25/03/2008"})) == "none");
  Values one_decides(99, "03/04/2008 10:00");
  one_decides.push_back("04/25/2008 10:00");
  CHECK(text_of(detect(one_decides)) == "%m/%d/%Y %H:%M:%S");
  one_decides.push_back("25/04/2008 10:00");
  CHECK(!detect(one_decides).ambiguity.empty());
}

TEST_CASE("time format: the option that an ambiguity names reads the values with their times") {
  for (const char* value : {"03/04/2008", "03/04/2008 21:58", "03/04/2008 9:58:13 PM"}) {
    CAPTURE(std::string(value));
    CHECK(TimeFormat::parse_pattern("%d/%m/%Y").parse(value));
    CHECK(TimeFormat::parse_pattern("%m/%d/%Y").parse(value));
  }
}

TEST_CASE("time format: years of two digits need a pattern") {
  for (const char* value : {"10/26/08", "26/10/08 21:58", "26-Oct-08", "26.10.08", "03/04/08"}) {
    CAPTURE(std::string(value));
    const auto detected = detect({value});
    CHECK(!detected.format);
    CHECK(detected.ambiguity.find("--time-format") != std::string::npos);
  }
  CHECK(TimeFormat::parse_pattern("%m/%d/%y").parse("10/26/08") == Moment{kDay});
  CHECK(TimeFormat::parse_pattern("%m/%d/%y").parse("10/26/68")->whole > 3e9);
  CHECK(TimeFormat::parse_pattern("%m/%d/%y").parse("10/26/69")->whole < 0);
}

TEST_CASE("time format: 95 % of the values decide, empty ones do not count") {
  Values values(95, "2008-10-26 21:58:13");
  values.insert(values.end(), {"", "", "", "unknown", "unknown", "NULL", "-", "0"});
  CHECK(text_of(detect(values)) == "%Y-%m-%dT%H:%M:%S");
  values.push_back("unknown");
  CHECK(text_of(detect(values)) == "none");
  CHECK(text_of(detect({})) == "none");
  CHECK(text_of(detect({"", ""})) == "none");
}

TEST_CASE("time format: a 12-hour clock is taken only with AM or PM") {
  const TimeFormat format = *detect({"10/26/2008 9:58 PM"}).format;
  CHECK(!format.parse("10/26/2008 9:58"));
  CHECK(!format.parse("10/26/2008 13:58 PM"));
  CHECK(!format.parse("10/26/2008 0:58 PM"));
  CHECK(!TimeFormat::parse_pattern("%m/%d/%Y %H:%M").parse("10/26/2008 9:58 PM"));
}

TEST_CASE("time format: what is no time is never one") {
  const std::string nines(400, '9');
  for (const std::string& value : {std::string("2008-13-01"),
                                   std::string("2008-02-30"),
                                   std::string("31/31/2008"),
                                   std::string("31.11.2008"),
                                   std::string("2008-10-26T25:00"),
                                   std::string("2008-10-26T21:60"),
                                   std::string("2008-10-26x"),
                                   std::string("2008-10-26 21:58 CET"),
                                   std::string("Mon, 26 Oct 2008"),
                                   std::string("Sun Oct 26 21:58:13 PDT 2008"),
                                   std::string("Sun Oct 26 21:58:1234567890123 2008"),
                                   std::string("Sun Oct 26 25:58:13 2008"),
                                   std::string("Sun Oct 26 21:58:1- +0000 2008"),
                                   std::string("Sun Oct 26 21:58:13 +9900 2008"),
                                   std::string("Oct 2008"),
                                   std::string("10/26/2008 21.58"),
                                   std::string("yesterday"),
                                   nines,
                                   "2008-10-26T21:58:13." + nines + "x",
                                   "10/26/2008 " + nines,
                                   "10/" + nines + "/2008",
                                   std::string("2008-10-26\0", 11),
                                   std::string("\0", 1),
                                   std::string("10/26/2008\0", 11),
                                   std::string("\xff\xfe\x80"),
                                   std::string("10/26/2008 \xe2\x80"),
                                   std::string("%Y-%m-%d")}) {
    CAPTURE(std::string(value));
    CHECK(text_of(detect({value})) == "none");
  }
}

TEST_CASE("time format: times of day in a column of their own are seconds since midnight") {
  for (const Form& form : {Form{"21:58:13", {kSecond - kDay}, "time of day"},
                           Form{"9:58 PM", {kMinute - kDay}, "time of day"},
                           Form{"21:58:13.5", {kSecond - kDay, 500000000}, "time of day"},
                           Form{"2158", {kMinute - kDay}, "hhmm"},
                           Form{"930", {9 * 3600 + 1800}, "hhmm"},
                           Form{"1200.0", {43200}, "hhmm"},
                           Form{"215813", {kSecond - kDay}, "hhmmss"},
                           Form{"21", {21 * 3600}, "hh"}}) {
    CAPTURE(form.value);
    const auto detected = TimeFormat::detect_time_of_day({form.value});
    REQUIRE(text_of(detected) == form.text);
    CHECK(detected.format->parse(form.value) == form.moment);
    CHECK(TimeFormat::from_text(form.text) == *detected.format);
    CHECK(detected.format->has_time_of_day());
  }
  const auto hours_and_minutes = TimeFormat::detect_time_of_day({"5", "1200", "2359"});
  REQUIRE(text_of(hours_and_minutes) == "hhmm");
  CHECK(hours_and_minutes.format->parse("5") == Moment{300});
  for (const char* value : {"", "24:00", "2460", "99999999", "noon", "-5", "12.5", "21:58 x"}) {
    CAPTURE(std::string(value));
    CHECK(text_of(TimeFormat::detect_time_of_day({value})) == "none");
  }
}

TEST_CASE("time format: a pattern reads its form, its fractions and its zone") {
  struct Case {
    std::string pattern;
    std::string value;
    Moment moment;
  };
  for (const Case& c :
       {Case{"%d/%m/%Y", "03/04/2008", {1207180800}},
        Case{"%d/%m/%Y %H:%M", "26/10/2008 21:58", {kMinute}},
        Case{"%F %T", "2008-10-26 21:58:13", {kSecond}},
        Case{"%Y-%m-%d %H:%M:%S.%f", "2008-10-26 21:58:13.000000001", {kSecond, 1}},
        Case{"%Y-%m-%dT%H:%M:%S%z", "2008-10-26T23:58:13+0200", {kSecond}},
        Case{"%Y-%m-%dT%H:%M:%SZ", "2008-10-26T21:58:13Z", {kSecond}},
        Case{"%H:%M:%S %d.%m.%Y", "21:58:13 26.10.2008", {kSecond}},
        Case{"%H:%M:%S.%f %d.%m.%Y", "21:58:13.000000097 26.10.2008", {kSecond, 97}},
        Case{"%I:%M %p on %A %e %B %Y", "09:58 pm on Sunday 26 October 2008", {kMinute}},
        Case{"%Y-%j", "2008-300", {kDay}},
        Case{"[%Y%m%d]", "[20081026]", {kDay}},
        Case{"%d%m%Y%H%M%S", "26102008215813", {kSecond}},
        Case{"100%% %Y/%m/%d", "100% 2008/10/26", {kDay}},
        Case{"seconds", "1225058293.000000001", {kSecond, 1}},
        Case{"%s", "1225058293", {kSecond}},
        Case{"milliseconds", "1225058293123.5", {kSecond, 123500000}},
        Case{"%Q", "-1", {-1, 999000000}},
        Case{"microseconds", "1225058293000001", {kSecond, 1000}},
        Case{"nanoseconds", "1225058293000000001", {kSecond, 1}}}) {
    CAPTURE(c.pattern);
    const TimeFormat format = TimeFormat::parse_pattern(c.pattern);
    const auto moment = format.parse(c.value);
    REQUIRE(moment);
    CHECK(moment->whole == c.moment.whole);
    CHECK(moment->billionths == c.moment.billionths);
    CHECK(format.text() == c.pattern);
    CHECK(TimeFormat::from_text(format.text()) == format);
    CHECK(!format.is_number());
  }
}

TEST_CASE("time format: a pattern that cannot give a time is refused with the reason") {
  struct Case {
    std::string pattern;
    std::string problem;
  };
  for (const Case& c : {Case{"", "a date needs a year, a month and a day"},
                        Case{"dd/mm/yyyy", "a date needs a year, a month and a day"},
                        Case{"number", "a date needs a year, a month and a day"},
                        Case{"%m/%d", "a date needs a year, a month and a day"},
                        Case{"%H:%M", "a date needs a year, a month and a day"},
                        Case{"%Y-%m-%d %I:%M", "a 12-hour clock needs %I and %p"},
                        Case{"%Y-%m-%d %H:%M %p", "a 12-hour clock needs %I and %p"},
                        Case{"%Y-%m-%d %M", "a time of day needs an hour"},
                        Case{"%Y-%m-%d %f", "%f must follow %S"},
                        Case{"%Y-%m-%d %c", "%c is not among"},
                        Case{"%300Y-%m-%d", "%3 is not among"},
                        Case{"%Y-%m-%d %", "% is not among"}}) {
    CAPTURE(c.pattern);
    std::string message;
    try {
      TimeFormat::parse_pattern(c.pattern);
    } catch (const UsageError& error) {
      message = error.what();
    }
    CHECK(message.find("--time-format: expected a pattern") == 0);
    CHECK(message.find(c.problem) != std::string::npos);
  }
}

TEST_CASE("time format: it is known whether times are finer than a day") {
  CHECK(!detect({"2008-10-26", "2008-10-27 00:00:00"}).format->has_time_of_day());
  CHECK(detect({"2008-10-26", "2008-10-27 00:00:01"}).format->has_time_of_day());
  CHECK(!detect({"20081026"}).format->has_time_of_day());
  CHECK(detect({"200810262158"}).format->has_time_of_day());
  CHECK(detect({"1225058293"}).format->has_time_of_day());
  CHECK(!TimeFormat::parse_pattern("%d/%m/%Y").has_time_of_day());
  CHECK(detect({"1225058293"}).format->is_number());
  CHECK(!detect({"20081026"}).format->is_number());
}

TEST_CASE("time format: a format is described with an example") {
  struct Case {
    std::string text;
    std::string description;
    std::string example;
  };
  for (const Case& c :
       {Case{"number", "a number", "1225058293"},
        Case{"milliseconds", "milliseconds since 1970", "1225058293000"},
        Case{"%Y-%m-%d", "a date", "2008-10-26"},
        Case{"%Y-%m-%dT%H:%M:%S", "a date and time", "2008-10-26T21:58:13"},
        Case{
            "%m/%d/%Y %I:%M:%S %p", "month/day/year and a 12-hour clock", "10/26/2008 09:58:13 PM"},
        Case{"%d.%m.%Y %H:%M:%S", "day.month.year and a time of day", "26.10.2008 21:58:13"},
        Case{"%Y%m%d", "a date in digits", "20081026"},
        Case{"%a %b %d %H:%M:%S %z %Y",
             "a time as %a %b %d %H:%M:%S %z %Y",
             "Sun Oct 26 21:58:13 +0000 2008"},
        Case{"hhmm", "a time of day as hhmm", "2158"},
        Case{"time of day", "a time of day", "21:58:13"}}) {
    CAPTURE(c.text);
    const TimeFormat format = TimeFormat::from_text(c.text);
    CHECK(format.describe() == c.description);
    CHECK(format.example() == c.example);
  }
}

TEST_CASE("time format: plausible epoch times are numbers from 1990 to 2040 in one unit") {
  for (const char* time : {"1225058293",
                           "1225058293.5",
                           "1225058293123",
                           "1225058293123456",
                           "1225058293123456789",
                           "1.225058293e9"}) {
    CAPTURE(std::string(time));
    CHECK(looks_like_epoch({time, ""}));
  }
  for (const char* other :
       {"1026", "0", "-1225058293", "20081026", "3000000000", "2008-10-26", "x"}) {
    CAPTURE(std::string(other));
    CHECK(!looks_like_epoch({other}));
  }
  CHECK(!looks_like_epoch({"1225058293", "1225058293123"}));
  CHECK(!looks_like_epoch({}));
}

TEST_CASE("time format: writing and parsing any moment returns it") {
  std::mt19937_64 random(11);
  for (const char* text : {"number",
                           "seconds",
                           "milliseconds",
                           "%Y-%m-%dT%H:%M:%S",
                           "%Y/%m/%d %H:%M:%S",
                           "%Y%m%d%H%M%S",
                           "%Y%m%dT%H%M%S",
                           "%m/%d/%Y %I:%M:%S %p",
                           "%d.%m.%Y %H:%M:%S",
                           "%d-%b-%Y %H:%M:%S",
                           "%b %d, %Y %I:%M:%S %p",
                           "%a, %d %b %Y %H:%M:%S %z",
                           "%a %b %d %H:%M:%S %Z %Y",
                           "%H:%M:%S %d/%m/%Y"}) {
    const TimeFormat format = TimeFormat::from_text(text);
    for (int i = 0; i < 1000; ++i) {
      const std::int64_t seconds =
          static_cast<std::int64_t>(random() % 12'000'000'000) - 2'000'000'000;
      const Moment moment{seconds,
                          i % 2 == 0 ? 0 : static_cast<std::uint32_t>(random() % kBillion)};
      const std::string written = format.write(moment);
      CAPTURE(std::string(text));
      CAPTURE(written);
      REQUIRE(format.parse(written) == moment);
    }
  }
}

}  // namespace
}  // namespace elastic::data

#include "data/moment.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace elastic::data {
namespace {

TEST_CASE("moment: ISO 8601 dates and times become seconds in UTC") {
  struct Case {
    const char* text;
    std::int64_t seconds;
    float fraction;
  };
  for (const Case& c : {Case{"1970-01-01", 0, 0.0F},
                        Case{"2019-12-31", 1577750400, 0.0F},
                        Case{"2020-02-29T12:34", 1582979640, 0.0F},
                        Case{"2020-02-29 12:34:56 UTC", 1582979696, 0.0F},
                        Case{"2020-02-29T12:34:56.25Z", 1582979696, 0.25F},
                        Case{"2020-02-29T14:34:56+02:00", 1582979696, 0.0F},
                        Case{"2020-02-29t07:04:56-0530", 1582979696, 0.0F},
                        Case{"1969-12-31T23:59:59.5", -1, 0.5F}}) {
    CAPTURE(c.text);
    const auto moment = parse_iso_moment(c.text);
    REQUIRE(moment);
    CHECK(moment->whole == c.seconds);
    CHECK(moment->fraction == c.fraction);
  }
}

TEST_CASE("moment: other text is not parsed as a date") {
  for (const char* text : {"",
                           "2019",
                           "2019-1-1",
                           "2019-13-01",
                           "2019-02-29",
                           "2019-01-01T",
                           "2019-01-01T24:00",
                           "2019-01-01T12:60",
                           "2019-01-01T12:00:61",
                           "2019-01-01T12:00:00.",
                           "2019-01-01T12:00+2",
                           "2019-01-01T12:00 CET",
                           "2019-01-01 12:00 UTCx",
                           "2019-01-01x"}) {
    CAPTURE(text);
    CHECK(!parse_iso_moment(text));
  }
  CHECK(is_iso_date("2019-01-01"));
  CHECK(!is_iso_date("2019-01-01T00:00"));
  CHECK(!is_iso_date("1546300800"));
}

TEST_CASE("moment: an option's time is converted to the unit of the data") {
  CHECK(units_per_second(0) == 1);
  CHECK(units_per_second(1577750400) == 1);
  CHECK(units_per_second(1577750400123) == 1000);
  CHECK(units_per_second(-1577750400123456) == 1000000);
  CHECK(units_per_second(INT64_MAX) == 1000000000);
  CHECK(resolve_time("--min-time", "17.5", 1000) == Moment{17, 0.5F});
  CHECK(resolve_time("--min-time", "1970-01-01T00:00:01.5", 1000) == Moment{1500, 0.0F});
  CHECK(resolve_time("--min-time", "9999-12-31", 1000000000) > Moment{INT64_MAX / 4});
  CHECK_THROWS_WITH_AS(
      resolve_time("--min-time", "yesterday", 1),
      "--min-time: expected a number in the unit of the data's timestamps, or a date or time such "
      "as 2019-12-31 or 2019-12-31T18:30:00Z, got 'yesterday'",
      UsageError);
  CHECK(describe_time({1577750400123, 0.0F}, 1000) == "1577750400123 (2019-12-31T00:00:00Z)");
  CHECK(describe_time({-1, 0.0F}, 1) == "-1 (1969-12-31T23:59:59Z)");
  CHECK(describe_time({INT64_MAX, 0.0F}, 1) == "9223372036854775807");
}

}  // namespace
}  // namespace elastic::data

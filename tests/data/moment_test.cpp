#include "data/moment.h"

#include <doctest/doctest.h>

namespace elastic::data {
namespace {

TEST_CASE("moment: ISO 8601 dates and times become seconds in UTC") {
  struct Case {
    const char* text;
    std::int64_t seconds;
    std::uint32_t billionths;
  };
  for (const Case& c : {Case{"1970-01-01", 0, 0},
                        Case{"2019-12-31", 1577750400, 0},
                        Case{"2020-02-29T12:34", 1582979640, 0},
                        Case{"2020-02-29 12:34:56 UTC", 1582979696, 0},
                        Case{"2020-02-29T12:34:56.25Z", 1582979696, 250000000},
                        Case{"2020-02-29T14:34:56+02:00", 1582979696, 0},
                        Case{"2020-02-29t07:04:56-0530", 1582979696, 0},
                        Case{"1969-12-31T23:59:59.5", -1, 500000000}}) {
    CAPTURE(c.text);
    const auto moment = parse_iso_moment(c.text);
    REQUIRE(moment);
    CHECK(moment->whole == c.seconds);
    CHECK(moment->billionths == c.billionths);
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

TEST_CASE("moment: describe_time adds the date of a time") {
  CHECK(describe_time({1577750400123, 0}, 1000) == "1577750400123 (2019-12-31T00:00:00Z)");
  CHECK(describe_time({-1, 0}, 1) == "-1 (1969-12-31T23:59:59Z)");
  CHECK(describe_time({INT64_MAX, 0}, 1) == "9223372036854775807");
}

}  // namespace
}  // namespace elastic::data

#include "data/moment.h"

#include <doctest/doctest.h>

#include <random>

namespace elastic::data {
namespace {

TEST_CASE("moment: ISO 8601 dates and times become seconds in UTC") {
  struct Case {
    std::string text;
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
                        Case{"2014-12-06 02", 1417831200, 0},
                        Case{"2020-02-29T123456Z", 1582979696, 0},
                        Case{"2020-02-29T12:34:56,5+00", 1582979696, 500000000},
                        Case{"2020-02-29 12:34:56 +0000 UTC", 1582979696, 0},
                        Case{"2020-02-29 12:34:56.000000001", 1582979696, 1},
                        Case{"2020-02-29 12:34:56.9999999999999", 1582979696, 999999999},
                        Case{"1969-12-31T23:59:59.5", -1, 500000000}}) {
    CAPTURE(c.text);
    const auto moment = parse_iso_moment(c.text);
    REQUIRE(moment);
    CHECK(moment->whole == c.seconds);
    CHECK(moment->billionths == c.billionths);
  }
}

TEST_CASE("moment: other text is not parsed as a date") {
  for (const std::string text : {"",
                                 "2019",
                                 "2019-1-1",
                                 "2019-13-01",
                                 "2019-02-29",
                                 "2019-01-01T",
                                 "2019-01-01T24:00",
                                 "2019-01-01T12:60",
                                 "2019-01-01T12:00:61",
                                 "2019-01-01T12:00:00.",
                                 "2019-01-01T12.5",
                                 "2019-01-01T12:00.5",
                                 "2019-01-01 9:00 PM",
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

TEST_CASE("moment: a number is exact to billionths of its unit") {
  struct Case {
    std::string text;
    Moment moment;
  };
  for (const Case& c : {Case{"0", {0, 0}},
                        Case{"-0", {0, 0}},
                        Case{"17.5", {17, 500000000}},
                        Case{"-1.25", {-2, 750000000}},
                        Case{"-0.000000001", {-1, 999999999}},
                        Case{"1609459200.000000097", {1609459200, 97}},
                        Case{"1609459200.000000096", {1609459200, 96}},
                        Case{"1609459200.0000000969", {1609459200, 96}},
                        Case{"1225058293000.25", {1225058293000, 250000000}},
                        Case{"1.225058293E9", {1225058293, 0}},
                        Case{"1.225058293e+09", {1225058293, 0}},
                        Case{"1.2250582931234E9", {1225058293, 123400000}},
                        Case{"12e-1", {1, 200000000}},
                        Case{"1e-400", {0, 0}},
                        Case{"0e999999999999999999999", {0, 0}},
                        Case{".5", {0, 500000000}},
                        Case{"5.", {5, 0}},
                        Case{"9223372036854775807", {INT64_MAX, 0}},
                        Case{"9223372036854775807.5", {INT64_MAX, 500000000}},
                        Case{"-9223372036854775808", {INT64_MIN, 0}}}) {
    CAPTURE(c.text);
    const auto moment = parse_number_moment(c.text);
    REQUIRE(moment);
    CHECK(moment->whole == c.moment.whole);
    CHECK(moment->billionths == c.moment.billionths);
  }
  const std::string zeros(400, '0');
  CHECK(parse_number_moment(zeros + "7") == Moment{7});
  CHECK(parse_number_moment("0." + zeros + "7e401") == Moment{7});
  CHECK(parse_number_moment("7" + zeros + "e-400") == Moment{7});
}

TEST_CASE("moment: other text is not parsed as a number") {
  for (const std::string& text : {std::string(),         std::string("-"),
                                  std::string("."),      std::string("e5"),
                                  std::string("1e"),     std::string("1e+"),
                                  std::string("+1"),     std::string("--1"),
                                  std::string("1 "),     std::string("1,5"),
                                  std::string("1.5.2"),  std::string("0x10"),
                                  std::string("inf"),    std::string("nan"),
                                  std::string("1\0", 2), std::string("9223372036854775808"),
                                  std::string("1e19"),   std::string("1e999999999999999999999"),
                                  std::string(400, '9'), std::string("\xff")}) {
    CAPTURE(text);
    CHECK(!parse_number_moment(text));
  }
}

TEST_CASE("moment: write_number writes the number that is parsed") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const Moment moment{static_cast<std::int64_t>(random()) >> (random() % 64),
                        static_cast<std::uint32_t>(random() % kBillion)};
    CAPTURE(write_number(moment));
    CHECK(parse_number_moment(write_number(moment)) == moment);
  }
  CHECK(write_number({-2, 500000000}) == "-1.5");
}

TEST_CASE("moment: units change exactly") {
  CHECK(to_seconds({1225058293123, 500000000}, 1000) == Moment{1225058293, 123500000});
  CHECK(to_seconds({-1, 0}, 1000) == Moment{-1, 999000000});
  CHECK(to_seconds({INT64_MIN, 0}, 1000000000) == Moment{-9223372037, 145224192});
  CHECK(from_seconds({1225058293, 123456789}, 1000) == Moment{1225058293123, 456789000});
  CHECK(from_seconds({-1, 500000000}, 1000) == Moment{-500, 0});
  CHECK(from_seconds({253402214400, 0}, 1000000000) > Moment{INT64_MAX / 4});
  CHECK(from_seconds({-253402214400, 0}, 1000000000) < Moment{INT64_MIN / 4});
}

TEST_CASE("moment: describe_time adds the date of a time") {
  CHECK(describe_time({1577750400123, 0}, 1000) == "1577750400123 (2019-12-31T00:00:00Z)");
  CHECK(describe_time({-1, 0}, 1) == "-1 (1969-12-31T23:59:59Z)");
  CHECK(describe_time({INT64_MAX, 0}, 1) == "9223372036854775807");
}

}  // namespace
}  // namespace elastic::data

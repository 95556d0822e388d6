#include "data/filters.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "data/data_config.h"
#include "data/temporary_file.h"

namespace elastic::data::filters_test {
namespace {

Interactions read(std::string_view content) {
  const TemporaryFile file("log.txt", content);
  return read_interactions(file.path(), {});
}

// The remaining items, in the order of the file.
std::string kept(Interactions log, const FilterOptions& options) {
  filter_events(log, options);
  std::string text;
  for (const Event& event : log.events) {
    text += log.items.raw(event.item);
  }
  return text;
}

const char* const kTimed = "user,item,timestamp\nu,c,30\nu,a,10\nv,a,10\nu,d,40\nu,b,20\n";

TEST_CASE("filters: a time window includes both ends") {
  CHECK(kept(read(kTimed), {.min_time = "20"}) == "cdb");
  CHECK(kept(read(kTimed), {.max_time = "20"}) == "aab");
  CHECK(kept(read(kTimed), {.min_time = "10.5", .max_time = "30"}) == "cb");
  CHECK_THROWS_AS(kept(read(kTimed), {.min_time = "41"}), DataError);
  CHECK_THROWS_WITH_AS(kept(read("u a\nu b\n"), {.max_time = "4"}),
                       doctest::Contains("--max-time needs a timestamp column"),
                       DataError);
}

TEST_CASE("filters: dates are in UTC, for any unit of the log, and the last day is included") {
  const char* seconds =
      "user,item,timestamp\nu,a,1577750399\nu,b,1577750400\nu,c,1577836799\nu,d,1577836800\n";
  const char* milliseconds =
      "user,item,timestamp\nu,a,1577750399999\nu,b,1577750400000\nu,c,1577836799999\nu,d,"
      "1577836800000\n";
  const char* dates =
      "user,item,timestamp\nu,a,2019-12-30 "
      "23:59:59\nu,b,2019-12-31\nu,c,2019-12-31T23:59:59.9Z\nu,d,"
      "2020-01-01\n";
  for (const char* log : {seconds, milliseconds, dates}) {
    CAPTURE(log);
    CHECK(kept(read(log), {.min_time = "2019-12-31", .max_time = "2019-12-31"}) == "bc");
    CHECK(kept(read(log), {.max_time = "2019-12-31T00:00:00Z"}) == "ab");
  }
}

TEST_CASE("filters: consecutive duplicates are dropped in time order, others stay") {
  const char* log = "user,item,timestamp\nu,a,5\nu,b,1\nv,b,1\nu,b,2\nu,b,6\nu,b,3\nv,b,4\n";
  // In time order u has b b b a b, and v has b b.
  CHECK(kept(read(log), {.drop_duplicates = Duplicates::kNone}) == "abbbbbb");
  CHECK(kept(read(log), {.drop_duplicates = Duplicates::kConsecutive}) == "abbb");
  CHECK(kept(read(log), {.drop_duplicates = Duplicates::kAll}) == "abb");
}

TEST_CASE("filters: dropped ids lose their numbers, all counts are reported") {
  Interactions log = read("user,item,rating\nx,p,1\nu,q,5\nv,q,4\nv,r,5\n");
  const FilterReport report = filter_events(log, {.min_rating = 2.0, .min_item_events = 2});
  REQUIRE(report.size() == 3);
  CHECK(report[0].users == 3);
  CHECK(report[1].name == "min rating");
  CHECK(report[1].users == 2);
  CHECK(report[1].items == 2);
  CHECK(report[2].events == 2);
  CHECK(log.users.names() == std::vector<std::string>{"u", "v"});
  CHECK(log.items.names() == std::vector<std::string>{"q"});
}

TEST_CASE("filters: values out of range are refused, naming the option") {
  const auto refuses = [](const FilterOptions& options, const char* part) {
    CHECK_THROWS_WITH_AS(check(options), doctest::Contains(part), UsageError);
  };
  refuses({.min_time = "soon"}, "--min-time");
  refuses({.max_time = "2019-02-30"}, "--max-time");
  const auto refuses_number = [](const FilterOptions& options, const char* text) {
    DataConfig config;
    config.filters = options;
    CHECK_THROWS_WITH_AS(check_ranges(config), text, UsageError);
  };
  refuses_number({.min_rating = -1.0}, "--min-rating: expected 0 or more, got -1");
  refuses_number({.min_user_events = 0}, "--min-user-events: expected 1 to 2147483648, got 0");
}

}  // namespace
}  // namespace elastic::data::filters_test

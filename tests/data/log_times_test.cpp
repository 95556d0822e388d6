#include "data/log_times.h"

#include <doctest/doctest.h>

namespace elastic::data {
namespace {

Interactions log_of(const std::vector<std::int64_t>& times) {
  Interactions log;
  log.has_timestamp = true;
  for (const std::int64_t time : times) {
    log.events.emplace_back().timestamp = time;
  }
  return log;
}

// `count` times in a row from 2008-10-26T21:58:13, then `others`.
Interactions log_of_2008(std::int64_t count,
                         std::int64_t unit,
                         const std::vector<std::int64_t>& others) {
  std::vector<std::int64_t> times;
  for (std::int64_t i = 0; i < count; ++i) {
    times.push_back((1225058293 + i) * unit);
  }
  times.insert(times.end(), others.begin(), others.end());
  return log_of(times);
}

TEST_CASE("log times: the unit is that of most times, whatever the farthest are") {
  for (const std::int64_t unit : {1L, 1000L, 1000000L, 1000000000L}) {
    CAPTURE(unit);
    CHECK(time_unit(log_of_2008(20, unit, {})) == unit);
    CHECK(time_unit(log_of_2008(20, unit, {0, -1, INT64_MAX, INT64_MIN})) == unit);
    CHECK(time_unit(log_of_2008(20, unit, {253402214400, 1225058293000})) == unit);
  }
  CHECK(time_unit(log_of({})) == 1);
  CHECK(time_unit(log_of({0, 1, 2, 3})) == 1);
  CHECK(time_unit(log_of({-1577750400123456})) == 1000000);
  Interactions dates = log_of({253402214400});
  dates.format.time_format = TimeFormat::from_text("%Y-%m-%d");
  CHECK(time_unit(dates) == 1);
}

TEST_CASE("log times: times in another unit and placeholders are far from the others") {
  for (const std::int64_t unit : {1L, 1000L, 1000000L, 1000000000L}) {
    CAPTURE(unit);
    for (const std::int64_t other : {1L, 1000L, 1000000L, 1000000000L}) {
      CAPTURE(other);
      const FarTimes far = find_far_times(log_of_2008(20, unit, {1225058293 * other}));
      CHECK(far.count == (unit == other ? 0 : 1));
    }
    const FarTimes far = find_far_times(log_of_2008(30, unit, {0, -1, INT64_MIN}));
    CHECK(far.count == 3);
    CHECK(far.first == std::vector<std::int32_t>{30, 31, 32});
  }
  CHECK(find_far_times(log_of_2008(30, 1, {253402214400, 99999999999})).count == 2);
  CHECK(find_far_times(log_of_2008(30, 1, {820454400, 1577836800})).count == 0);  // 1996, 2020
  const FarTimes many = find_far_times(log_of_2008(500, 1, std::vector<std::int64_t>(25)));
  CHECK(many.count == 25);
  CHECK(many.first.size() == 10);
}

TEST_CASE("log times: bounds of dates, of credible times and of the shares that decide") {
  const auto all = [](std::int64_t time) { return has_dates(log_of({time, time, time})); };
  CHECK(!all(631151999));
  CHECK(all(631152000));  // 1990
  CHECK(all(2208988799));
  CHECK(!all(2208988800));  // 2040
  const auto is_far = [](std::int64_t time) {
    return find_far_times(log_of_2008(30, 1, {time})).count == 1;
  };
  CHECK(is_far(2678399));
  CHECK(!is_far(2678400));  // February 1970
  CHECK(!is_far(4133980799));
  CHECK(is_far(4133980800));  // 2101
  CHECK(has_dates(log_of_2008(9, 1, {0})));
  CHECK(!has_dates(log_of_2008(8, 1, {0})));
  CHECK(time_unit(log_of({99'999'999'999})) == 1);
  CHECK(time_unit(log_of({100'000'000'000})) == 1000);
  CHECK(time_unit(log_of({-99'999'999'999})) == 1);
  CHECK(time_unit(log_of({-100'000'000'000})) == 1000);
  CHECK(time_unit(log_of_2008(3, 1, {1225058293000, 1225058294000, 1225058295000})) == 1);
  CHECK(time_unit(log_of_2008(2, 1, {1225058293000, 1225058294000, 1225058295000})) == 1000);
}

// Of a long log, every n-th event decides.
TEST_CASE("log times: long logs are judged by all their parts") {
  Interactions log = log_of_2008(300'000, 1000, {});
  CHECK(time_unit(log) == 1000);
  CHECK(has_dates(log));
  for (std::size_t i = 0; i < 40'000; ++i) {
    log.events[i].timestamp = 0;
  }
  CHECK(!has_dates(log));
  CHECK(time_unit(log) == 1000);
}

TEST_CASE("log times: a log whose times are no dates has no far times") {
  std::vector<std::int64_t> steps;
  for (std::int64_t i = 0; i < 100; ++i) {
    steps.push_back(i * 1000000);
  }
  CHECK(find_far_times(log_of(steps)).count == 0);
  CHECK(find_far_times(log_of({})).count == 0);
  CHECK(find_far_times(log_of_2008(50, 1, std::vector<std::int64_t>(50))).count == 0);
  Interactions untimed = log_of_2008(20, 1, {0});
  untimed.has_timestamp = false;
  CHECK(find_far_times(untimed).count == 0);
}

}  // namespace
}  // namespace elastic::data

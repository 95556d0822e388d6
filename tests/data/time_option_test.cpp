#include "data/time_option.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace elastic::data {
namespace {

TEST_CASE("time option: a time is converted to the unit of the data") {
  CHECK(resolve_time("--min-time", "17.5", 1000).moment == Moment{17, 500000000});
  CHECK(resolve_time("--min-time", "1970-01-01T00:00:01.5", 1000).moment == Moment{1500, 0});
  CHECK(resolve_time("--min-time", "1970-01-01T00:00:01.0005", 1000).moment ==
        Moment{1000, 500000000});
  CHECK(resolve_time("--min-time", "9999-12-31", 1000000000).moment > Moment{INT64_MAX / 4});
  CHECK(resolve_time("--min-time", "2008-10-20", 1).is_date);
  CHECK(!resolve_time("--min-time", "2008-10-20T00:00", 1).is_date);
  CHECK_THROWS_WITH_AS(
      resolve_time("--min-time", "yesterday", 1),
      "--min-time: expected a number in the unit of the data's timestamps, or a date or time such "
      "as 2019-12-31 or 2019-12-31T18:30:00Z, got 'yesterday'",
      UsageError);
}

TEST_CASE("time option: a number means a date in a log that writes dates in digits") {
  const TimeFormat digits = TimeFormat::from_text("%Y%m%d");
  const OptionTime date = resolve_time("--max-time", "20081020", 1, digits);
  CHECK(date.moment == Moment{1224460800});
  CHECK(date.is_date);
  const OptionTime minute = resolve_time("--max-time", "200810202158", 1, digits);
  CHECK(minute.moment == Moment{1224539880});
  CHECK(!minute.is_date);
  CHECK(resolve_time("--max-time", "2008-10-20", 1, digits).moment == date.moment);
  CHECK(resolve_time("--max-time", "1224460800", 1, digits).moment == date.moment);
  CHECK(resolve_time("--max-time", "20081020", 1).moment == Moment{20081020});
  const TimeFormat slashed = TimeFormat::from_text("%m/%d/%Y");
  CHECK(resolve_time("--max-time", "1224460800", 1, slashed).moment == date.moment);
}

}  // namespace
}  // namespace elastic::data

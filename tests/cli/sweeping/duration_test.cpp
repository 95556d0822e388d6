#include "cli/sweeping/duration.h"

#include <doctest/doctest.h>

#include <limits>

#include "base/error.h"

namespace elastic::cli {
namespace duration_test {

TEST_CASE("duration: numbers with units, the larger unit first") {
  CHECK(parse_duration("--budget", "90s") == 90.0);
  CHECK(parse_duration("--budget", "45m") == 2700.0);
  CHECK(parse_duration("--budget", "2h") == 7200.0);
  CHECK(parse_duration("--budget", "1d") == 86400.0);
  CHECK(parse_duration("--budget", "1h30m") == 5400.0);
  CHECK(parse_duration("--budget", "1d2h3m4s") == 93784.0);
  CHECK(parse_duration("--budget", "0.5h") == 1800.0);
  CHECK(parse_duration("--budget", "0h1s") == 1.0);
}

TEST_CASE("duration: other texts are refused") {
  for (const char* text : {"",
                           "5",
                           "0s",
                           "h",
                           "5x",
                           "1m1h",
                           "1m1m",
                           "1h5",
                           "-1s",
                           "2h-1m",
                           "-1h2m",
                           "infs",
                           "nans",
                           "1 h",
                           "1h 30m"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(parse_duration("--budget", text),
                         doctest::Contains("--budget: expected a time such as 90s"),
                         UsageError);
  }
  CHECK_THROWS_AS(parse_duration("--budget", "1e300d"), UsageError);
}

}  // namespace duration_test
}  // namespace elastic::cli

#include "profile/lengths.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace elastic::profile {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 24;
using Lengths = std::vector<std::int64_t>;

TEST_CASE("lengths: lists, ranges and suffixes are parsed") {
  CHECK(parse_lengths("--length", "200", kMost) == Lengths{200});
  CHECK(parse_lengths("--length", "256,1k,2m", kMost) == Lengths{256, 1024, 2097152});
  CHECK(parse_lengths("--length", "256-65536*4", kMost) == Lengths{256, 1024, 4096, 16384, 65536});
  CHECK(parse_lengths("--length", "16-64*2", kMost) == Lengths{16, 32, 64});
  CHECK(parse_lengths("--length", "3-5+1", kMost) == Lengths{3, 4, 5});
  CHECK(parse_lengths("--length", "100-350+100,5", kMost) == Lengths{100, 200, 300, 5});
  CHECK(parse_lengths("--length", "1k-64k*8", kMost) == Lengths{1024, 8192, 65536});
  CHECK(parse_bytes("--max-memory", "8G") == std::size_t{8} << 30);
}

TEST_CASE("lengths: an invalid part is named") {
  for (const char* text : {"",
                           "x",
                           "0",
                           "-5",
                           "1kk",
                           "5-1*2",
                           "1-5",
                           "1-5*1",
                           "1-5*",
                           "1,,2",
                           "99999999999999999999"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_lengths("--length", text, kMost), UsageError);
  }
  CHECK_THROWS_WITH_AS(
      parse_lengths("--batch", "4,1-5", kMost),
      "--batch: expected numbers such as 256, 4k, 256-65536*4 or 100-500+100, got '1-5'",
      UsageError);
}

TEST_CASE("lengths: numbers above the most, and too many of them, are refused") {
  CHECK_THROWS_WITH_AS(parse_lengths("--length", "32m", kMost),
                       "--length: expected 1 to 16777216, got 33554432",
                       UsageError);
  CHECK_THROWS_WITH_AS(parse_lengths("--length", "1-2*1g", kMost),
                       "--length: expected 1 to 16777216, got 1073741824",
                       UsageError);
  CHECK_THROWS_WITH_AS(parse_lengths("--length", "1-16m+1", kMost),
                       "--length: expected at most 10000 numbers, got more in '1-16m+1'",
                       UsageError);
}

}  // namespace
}  // namespace elastic::profile

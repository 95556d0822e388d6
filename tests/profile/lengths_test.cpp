#include "profile/lengths.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace elastic::profile {
namespace {

using Lengths = std::vector<std::int64_t>;

TEST_CASE("lengths: lists, ranges and suffixes are parsed") {
  CHECK(parse_lengths("--length", "200") == Lengths{200});
  CHECK(parse_lengths("--length", "256,1k,2m") == Lengths{256, 1024, 2097152});
  CHECK(parse_lengths("--length", "256-65536*4") == Lengths{256, 1024, 4096, 16384, 65536});
  CHECK(parse_lengths("--length", "100-350+100,5") == Lengths{100, 200, 300, 5});
  CHECK(parse_lengths("--length", "1k-64k*8") == Lengths{1024, 8192, 65536});
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
    CHECK_THROWS_AS(parse_lengths("--length", text), UsageError);
  }
  CHECK_THROWS_WITH_AS(
      parse_lengths("--batch", "4,1-5"),
      "--batch: expected numbers such as 256, 4k, 256-65536*4 or 100-500+100, got '1-5'",
      UsageError);
}

}  // namespace
}  // namespace elastic::profile

#include "base/option_range.h"

#include <doctest/doctest.h>

#include <cmath>

namespace elastic {
namespace {

TEST_CASE("option range: the text says what is contained") {
  CHECK(Range{1, 8}.text() == "1 to 8");
  CHECK(Range{2}.text() == "2 or more");
  CHECK(RealRange{}.text() == "0 or more");
  CHECK(kPositive.text() == "above 0");
  CHECK(RealRange{.low = 0.0, .high = 1.0}.text() == "0 to 1");
  CHECK(RealRange{.low = 0.0, .high = 1.0, .open_high = true}.text() ==
        "0 or more and less than 1");
}

TEST_CASE("option range: ends are included unless they are open, and NaN is nowhere") {
  CHECK(Range{1, 8}.contains(1));
  CHECK(Range{1, 8}.contains(8));
  CHECK_FALSE(Range{1, 8}.contains(0));
  CHECK_FALSE(Range{1, 8}.contains(9));
  CHECK(RealRange{}.contains(0.0));
  CHECK_FALSE(kPositive.contains(0.0));
  CHECK_FALSE(RealRange{}.contains(INFINITY));
  CHECK_FALSE(RealRange{}.contains(NAN));
  CHECK_FALSE(kPositive.contains(NAN));
}

TEST_CASE("option range: a refusal names the source, what is allowed and the value") {
  CHECK_THROWS_WITH_AS(check_range(Range{1, 8}, std::int64_t{9}, flag_of("num_heads")),
                       "--num-heads: expected 1 to 8, got 9",
                       UsageError);
}

}  // namespace
}  // namespace elastic

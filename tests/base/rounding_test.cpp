#include "base/rounding.h"

#include <doctest/doctest.h>

#include <limits>

namespace elastic {
namespace {

TEST_CASE("rounding: rounds to significant digits at any magnitude") {
  CHECK(round_to_digits(static_cast<double>(0.1F), 6) == 0.1);
  CHECK(round_to_digits(123456789.0, 3) == 123000000.0);
  CHECK(round_to_digits(-1.0 / 3.0, 4) == -0.3333);
  CHECK(round_to_digits(0.0, 6) == 0.0);
  CHECK(round_to_digits(1e-300 / 3.0, 2) == 3.3e-301);
}

TEST_CASE("rounding: infinities stay") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(round_to_digits(infinity, 6) == infinity);
}

}  // namespace
}  // namespace elastic

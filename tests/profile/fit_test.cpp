#include "profile/fit.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace elastic::profile {
namespace {

PowerFit fit(double constant, double factor, double exponent) {
  std::vector<double> x;
  std::vector<double> y;
  for (double length = 256.0; length <= 65536.0; length *= 4.0) {
    x.push_back(length);
    y.push_back(constant + factor * std::pow(length, exponent));
  }
  return fit_power(x, y);
}

TEST_CASE("fit: recovers constant, factor and exponent") {
  for (const double exponent : {0.5, 1.0, 1.5, 2.0}) {
    CAPTURE(exponent);
    const PowerFit found = fit(3.0, 0.01, exponent);
    REQUIRE(found.valid);
    CHECK(found.exponent == doctest::Approx(exponent).epsilon(0.01));
    CHECK(found.constant == doctest::Approx(3.0).epsilon(0.05));
  }
}

TEST_CASE("fit: a constant is never negative, and fewer than three points fit nothing") {
  const PowerFit found = fit(-0.5, 0.01, 1.0);
  CHECK(found.constant == 0.0);
  CHECK(found.exponent > 1.0);
  CHECK(!fit_power(std::vector<double>{1.0, 2.0}, std::vector<double>{1.0, 2.0}).valid);
}

}  // namespace
}  // namespace elastic::profile

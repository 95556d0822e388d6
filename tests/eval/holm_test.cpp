#include "eval/holm.h"

#include <doctest/doctest.h>

namespace elastic::eval {
namespace {

TEST_CASE("Holm: the smallest is multiplied by the number of tests, the next by one less") {
  const std::vector<double> p{0.04, 0.01, 0.03, 0.005};
  const std::vector<double> adjusted = holm_adjusted(p);
  CHECK(adjusted[3] == doctest::Approx(0.02));
  CHECK(adjusted[1] == doctest::Approx(0.03));
  CHECK(adjusted[2] == doctest::Approx(0.06));
  CHECK(adjusted[0] == doctest::Approx(0.06));  // 0.04, but not below its predecessor
}

TEST_CASE("Holm: values stay at most 1, one test stays as it is") {
  CHECK(holm_adjusted(std::vector<double>{0.9, 0.8}) == std::vector<double>{1.0, 1.0});
  CHECK(holm_adjusted(std::vector<double>{0.3}) == std::vector<double>{0.3});
  CHECK(holm_adjusted(std::vector<double>{}).empty());
}

}  // namespace
}  // namespace elastic::eval

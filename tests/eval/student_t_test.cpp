#include "eval/student_t.h"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <limits>

namespace elastic::eval {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

TEST_CASE("Student's t: critical values are those of printed tables") {
  struct Entry {
    double p, df, t;
  };
  for (const Entry& entry : {Entry{0.05, 1.0, 12.7062047},
                             Entry{0.05, 2.0, 4.3026527},
                             Entry{0.05, 10.0, 2.2281389},
                             Entry{0.01, 5.0, 4.0321430},
                             Entry{0.05, 1000.0, 1.9623391},
                             Entry{0.05, kInfinite, 1.9599640}}) {
    CAPTURE(entry.df);
    CHECK(critical_t(entry.p, entry.df) == doctest::Approx(entry.t).epsilon(1e-7).scale(0.0));
    CHECK(two_sided_p(-entry.t, entry.df) == doctest::Approx(entry.p).epsilon(1e-6).scale(0.0));
  }
}

TEST_CASE("Student's t: one and two degrees of freedom have closed forms, also far out") {
  for (const double t : {0.0, 1e-9, 0.3, 1.0, 7.0, 1e4, 1e9}) {
    CAPTURE(t);
    CHECK(two_sided_p(t, 1.0) ==
          doctest::Approx(2.0 / M_PI * std::atan2(1.0, t)).epsilon(1e-10).scale(0.0));
    const double root = std::sqrt(2.0 + t * t);
    CHECK(two_sided_p(t, 2.0) ==
          doctest::Approx(2.0 / (root * (root + t))).epsilon(1e-10).scale(0.0));
  }
  CHECK(two_sided_p(kInfinite, 3.0) == 0.0);
}

TEST_CASE("Student's t: broken degrees of freedom lie between whole ones, large ones are normal") {
  CHECK(critical_t(0.05, 1.5) < critical_t(0.05, 1.0));
  CHECK(critical_t(0.05, 1.5) > critical_t(0.05, 2.0));
  CHECK(two_sided_p(2.0, 1e9) == doctest::Approx(std::erfc(std::sqrt(2.0))).epsilon(1e-6));
  CHECK(two_sided_p(2.0, 1e12) == doctest::Approx(std::erfc(std::sqrt(2.0))).epsilon(1e-9));
}

}  // namespace
}  // namespace elastic::eval

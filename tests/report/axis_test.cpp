#include "report/axis.h"

#include <doctest/doctest.h>

namespace elastic::report {
namespace {

std::string labels(const Axis& axis) {
  std::string text;
  for (const Tick& tick : axis.ticks()) {
    text += (text.empty() ? "" : " ") + tick.label;
  }
  return text;
}

TEST_CASE("axis: linear labels are at round values") {
  CHECK(labels(Axis(Scale::kLinear, 0.013, 0.187, true)) ==
        "0.00 0.02 0.04 0.06 0.08 0.10 0.12 0.14 0.16 0.18 0.20");
  CHECK(labels(Axis(Scale::kLinear, 1.0, 12.0, false)) == "2 4 6 8 10 12");
  CHECK(labels(Axis(Scale::kLinear, -3.0, 3.0, true)) == "-3 -2 -1 0 1 2 3");
  CHECK(labels(Axis(Scale::kLinear, 0.0, 8000.0, true)) == "0 2k 4k 6k 8k");
}

TEST_CASE("axis: values are placed between the ends") {
  const Axis linear(Scale::kLinear, 0.0, 10.0, true);
  CHECK(linear.place(0.0) == doctest::Approx(0.0));
  CHECK(linear.place(2.5) == doctest::Approx(0.25));
  CHECK(linear.place(10.0) == doctest::Approx(1.0));
  const Axis log(Scale::kLog, 1.0, 100.0, true);
  CHECK(log.place(10.0) == doctest::Approx(0.5));
  CHECK(labels(log) == "1 10 100");
}

TEST_CASE("axis: a single value gets a range around it") {
  for (const double value : {0.0, -2.0, 0.3, 1e9}) {
    CAPTURE(value);
    const Axis axis(Scale::kLinear, value, value, true);
    CHECK(axis.place(value) > 0.0);
    CHECK(axis.place(value) < 1.0);
    CHECK(axis.ticks().size() >= 2);
  }
}

TEST_CASE("axis: short numbers have units and few decimals") {
  CHECK(short_number(0.0) == "0");
  CHECK(short_number(0.02) == "0.02");
  CHECK(short_number(12.0) == "12");
  CHECK(short_number(4000.0) == "4k");
  CHECK(short_number(2e6) == "2M");
}

}  // namespace
}  // namespace elastic::report

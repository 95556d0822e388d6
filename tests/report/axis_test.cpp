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

TEST_CASE("axis: steps are 1, 2 or 5 times a power of ten") {
  CHECK(labels(Axis(Scale::kLinear, 0.0, 4.0, true)) == "0 1 2 3 4");
  CHECK(labels(Axis(Scale::kLinear, 0.0, 7.9, true)) == "0 1 2 3 4 5 6 7 8");
  CHECK(labels(Axis(Scale::kLinear, 0.0, 8.0, true)) == "0 2 4 6 8");
  CHECK(labels(Axis(Scale::kLinear, 0.0, 19.9, true)) == "0 2 4 6 8 10 12 14 16 18 20");
  CHECK(labels(Axis(Scale::kLinear, 0.0, 20.0, true)) == "0 5 10 15 20");
  CHECK(labels(Axis(Scale::kLinear, 0.0, 400.0, true)) == "0 100 200 300 400");
  CHECK(labels(Axis(Scale::kLinear, 0.0, 4000.0, true)) == "0 1k 2k 3k 4k");
}

TEST_CASE("axis: a logarithmic axis has a decade at least, or a margin around the data") {
  const Axis whole(Scale::kLog, 2.0, 3.0, true);
  CHECK(whole.place(1.0) == doctest::Approx(0.0));
  CHECK(whole.place(10.0) == doctest::Approx(1.0));
  const Axis one(Scale::kLog, 10.0, 10.0, true);
  CHECK(one.place(10.0) == doctest::Approx(0.0));
  CHECK(one.place(100.0) == doctest::Approx(1.0));
  const Axis close(Scale::kLog, 1.0, 10.0, false);
  CHECK(close.place(1.0) == doctest::Approx(0.05 / 1.1));
  CHECK(close.place(10.0) == doctest::Approx(1.05 / 1.1));
  const Axis zero(Scale::kLinear, 0.0, 0.0, false);
  CHECK(zero.place(-1.0) == doctest::Approx(0.0));
  CHECK(zero.place(1.0) == doctest::Approx(1.0));
  const Axis five(Scale::kLinear, 5.0, 5.0, false);
  CHECK(five.place(4.5) == doctest::Approx(0.0));
  CHECK(five.place(5.5) == doctest::Approx(1.0));
}

TEST_CASE("axis: short numbers have units and few decimals") {
  CHECK(short_number(0.0) == "0");
  CHECK(short_number(0.02) == "0.02");
  CHECK(short_number(12.0) == "12");
  CHECK(short_number(4000.0) == "4k");
  CHECK(short_number(2e6) == "2M");
  CHECK(short_number(999.0) == "999");
  CHECK(short_number(1000.0) == "1k");
  CHECK(short_number(-3000.0) == "-3k");
  CHECK(short_number(1.0) == "1");
  CHECK(short_number(0.5) == "0.5");
  CHECK(short_number(0.0003) == "0.0003");
  CHECK(short_number(7e15) == "7000T");
}

}  // namespace
}  // namespace elastic::report

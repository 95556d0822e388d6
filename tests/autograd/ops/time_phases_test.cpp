#include "autograd/ops/time_phases.h"

#include <cmath>
#include <numbers>

#include "autograd/op_checks.h"
#include "tensor/kernels/time_phases.h"

namespace elastic::time_phases_test {
namespace {

using Ints = std::vector<std::int32_t>;

double seconds(const Ints& numbers, std::size_t i) {
  return static_cast<double>(numbers[i]);
}

const Ints kClock{0, 5, 1'000'000, 2'147'483'647, 1'577'836'800};
const Ints kGaps{0, 5, 999'995, 2'147'483'647, 3};
const Ints kSeconds{0, 5, 90, 7, 0};
const Ints kNext{5, 90, 100, 2'000'000'000, 0};

ops::TimePhases phases_of(bool asked, std::int64_t periods, DType dtype = DType::kFloat64) {
  return ops::time_phases(int_tensor(kClock),
                          int_tensor(kGaps),
                          asked ? int_tensor(kSeconds) : Tensor(),
                          asked ? int_tensor(kNext) : Tensor(),
                          periods,
                          dtype);
}

TEST_CASE("time phases: periods run from 17 minutes to 68 years") {
  std::vector<int> exponents;
  for (std::int64_t p = 0; p < 8; ++p) {
    exponents.push_back(kernels::period_exponent(p, 8));
  }
  CHECK(exponents == std::vector<int>{10, 13, 16, 19, 22, 25, 28, 31});
  CHECK(kernels::period_exponent(0, 1) == 10);
  CHECK(kernels::period_exponent(1, 2) == 31);
  CHECK(kernels::period_exponent(21, 22) == 31);
}

TEST_CASE("time phases: products of queries and keys are sines and cosines of the time between") {
  constexpr std::int64_t kPeriods = 3;
  for (const bool asked : {false, true}) {
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      CAPTURE(asked);
      const ops::TimePhases phases = phases_of(asked, kPeriods, dtype);
      const std::vector<double> query = to_doubles(phases.query);
      const std::vector<double> key = to_doubles(phases.key);
      CHECK(phases.query.shape() == Shape{5, 12});
      double worst = 0.0;
      for (std::size_t i = 0; i < 5; ++i) {
        for (std::size_t j = 0; j < 5; ++j) {
          for (std::size_t h = 0; h < 6; ++h) {
            const double period = std::ldexp(
                1.0, kernels::period_exponent(static_cast<std::int64_t>(h % 3), kPeriods));
            const double ahead = asked ? seconds(kNext, i) - seconds(kSeconds, i) : 0.0;
            const double turns =
                std::fmod(seconds(kClock, i) + ahead - seconds(kClock, j), period) / period;
            const double angle = 2.0 * std::numbers::pi * turns;
            const double want = h < 3 ? std::sin(angle) : std::cos(angle);
            const std::size_t a = 2 * (6 * i + h);
            const std::size_t b = 2 * (6 * j + h);
            worst = std::max(worst, std::abs(query[a] * key[b] + query[a + 1] * key[b + 1] - want));
          }
        }
      }
      CHECK(worst < (dtype == DType::kFloat64 ? tolerance::kEqual : 1e-6));
    }
  }
}

TEST_CASE("time phases: steps are the time since the event before and until the next, in periods") {
  const ops::TimePhases past = phases_of(false, 2);
  const ops::TimePhases asked = phases_of(true, 2);
  CHECK_FALSE(past.next_steps.defined());
  const std::vector<double> steps = to_doubles(asked.steps);
  const std::vector<double> next = to_doubles(asked.next_steps);
  CHECK(to_doubles(past.steps) == steps);
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t h = 0; h < 4; ++h) {
      CAPTURE(i);
      const double unit = 2.0 * std::numbers::pi / std::ldexp(1.0, h % 2 == 0 ? 10 : 31);
      CHECK(steps[4 * i + h] == doctest::Approx(unit * kGaps[i]));
      CHECK(next[4 * i + h] == doctest::Approx(unit * (seconds(kNext, i) - seconds(kSeconds, i))));
    }
  }
}

TEST_CASE("time phases: refuses times that do not fit each other") {
  CHECK(message_of([] {
          ops::time_phases(
              int_tensor({1, 2}), int_tensor({1}), Tensor(), Tensor(), 2, DType::kFloat32);
        }) == "time_phases: times of 2 tokens do not fit each other");
}

}  // namespace
}  // namespace elastic::time_phases_test

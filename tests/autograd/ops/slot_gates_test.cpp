#include "autograd/ops/slot_gates.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops/slot_cases.h"

namespace elastic::slot_gates_test {
namespace {

// The definition: every gate from the sum over all tokens so far.
std::vector<double> naive_prefix_gates(const SlotCase& c,
                                       const std::vector<double>& scores,
                                       const std::vector<double>& decay) {
  const Segments segments = c.segments();
  const std::int64_t columns = c.heads * c.slots;
  std::vector<double> gates(scores.size());
  const auto score = [&](std::int64_t t, std::int64_t column) {
    return scores[static_cast<std::size_t>(t * columns + column)];
  };
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    for (std::int64_t t = segments.begin(b); t < segments.end(b); ++t) {
      for (std::int64_t column = 0; column < columns; ++column) {
        const double rate = std::log1p(std::exp(decay[static_cast<std::size_t>(column)]));
        double sum = 0.0;
        for (std::int64_t j = segments.begin(b); j <= t; ++j) {
          sum += std::exp(score(j, column) - rate * static_cast<double>(t - j));
        }
        gates[static_cast<std::size_t>(t * columns + column)] = std::exp(score(t, column)) / sum;
      }
    }
  }
  return gates;
}

TensorFunction prefix_gates(const SlotCase& c) {
  return [c](const auto& in) { return ops::prefix_gates(in[0], in[1], c.segments()); };
}

TEST_CASE("prefix_gates: equals the sum over all tokens so far") {
  for (const SlotCase& c : kSlotCases) {
    CAPTURE(c.lengths.front());
    const std::vector<Tensor> in = gate_inputs(c);
    const Variable gates = prefix_gates(c)({Variable(in[0]), Variable(in[1])});
    CHECK(relative_error(naive_prefix_gates(c, to_doubles(in[0]), to_doubles(in[1])),
                         to_doubles(gates.value())) < tolerance::kEqual);
  }
}

TEST_CASE("prefix_gates: tokens after the last planned segment have gates of 0") {
  if (test_device() == Device::kCpu) {
    return;  // work is recorded on CUDA only
  }
  const SlotCase c{{2, 3, 4}, 1, 2, 1};
  const std::vector<Tensor> in = gate_inputs(c);
  const Variable all = prefix_gates(c)({Variable(in[0]), Variable(in[1])});
  const Segments planned = Segments::planned(int_tensor({0, 2, 5, 5}), c.tokens(), 4);
  const Variable gates = ops::prefix_gates(Variable(in[0]), Variable(in[1]), planned);
  std::vector<double> expected = to_doubles(all.value());
  std::fill(expected.begin() + 5 * 2, expected.end(), 0.0);
  CHECK(to_doubles(gates.value()) == expected);
}

TEST_CASE("prefix_gates: scores far from zero neither overflow nor vanish") {
  const SlotCase c{{4}, 1, 1, 1};
  const Variable gates =
      ops::prefix_gates(variable_of({-2000.0, 1500.0, 1500.0, -3000.0}, {4, 1, 1}),
                        variable_of({-50.0}, {1, 1}),
                        c.segments());
  CHECK(relative_error({1.0, 1.0, 0.5, 0.0}, to_doubles(gates.value())) < tolerance::kByHand);
}

TEST_CASE("prefix_gates: gradient matches finite differences") {
  const SlotCase c{{1, 5, 0, 3}, 2, 2, 1};
  check_function(prefix_gates(c), gate_inputs(c));
}

TEST_CASE("prefix_gates: gradient along random directions over several chunks") {
  for (const std::vector<std::int32_t>& lengths :
       {std::vector<std::int32_t>{200, 0, 64, 1}, std::vector<std::int32_t>{65, 3}}) {
    const std::int64_t tokens = segments_of(lengths).num_tokens();
    check_directions(
        [&](const auto& in) { return ops::prefix_gates(in[0], in[1], segments_of(lengths)); },
        {random_f64({tokens, 2, 3}, 1), random_f64({2, 3}, 2)});
  }
}

TEST_CASE("prefix_gates: float32 stays close to float64") {
  for (const SlotCase& c : kSlotCases) {
    check_float32(prefix_gates(c), gate_inputs(c), tolerance::kFloat32Deep);
  }
}

TEST_CASE("forget_gates: one minus a root of the logistic function") {
  const std::vector<double> x{-40.0, -3.0, -0.5, 0.0, 0.25, 3.0, 40.0};
  std::vector<double> want;
  for (const double value : x) {
    want.push_back(1.0 - std::pow(logistic(value), 1.0 / 8.0));
  }
  const Variable gates = ops::forget_gates(variable_of(x, {7}), 8.0);
  CHECK(relative_error(want, to_doubles(gates.value())) < tolerance::kByHand);
  // 1 - a would round to zero.
  CHECK(to_doubles(gates.value()).back() ==
        doctest::Approx(std::exp(-40.0) / 8.0).epsilon(tolerance::kByHand).scale(0.0));
}

TEST_CASE("forget_gates: gradient matches finite differences, float32 stays close") {
  const TensorFunction function = [](const auto& in) { return ops::forget_gates(in[0], 3.0); };
  check_function(function, {random_f64({3, 2, 3}, 1, 2.0)});
  check_float32(function, {random_f64({700, 2, 3}, 2, 3.0)});
}

TEST_CASE("prefix_gates: shapes that do not fit are refused") {
  const Segments segments = segments_of({2});
  const Variable gates(random_f64({2, 2, 3}, 2));
  CHECK_THROWS_AS(ops::prefix_gates(gates, Variable(random_f64({3, 2}, 2)), segments), ShapeError);
  CHECK_THROWS_AS(
      ops::prefix_gates(gates, Variable(random_f64({2, 3}, 2)), segments, random_f64({2, 2, 3}, 3)),
      ShapeError);
}

}  // namespace
}  // namespace elastic::slot_gates_test

#include "autograd/ops/linear.h"

#include "autograd/op_checks.h"
#include "autograd/ops/dropout.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/sum.h"

namespace elastic::linear_test {
namespace {

constexpr Dropout kDropout{0.3, 9, 4, 2};

std::vector<Tensor> inputs_of(const Shape& x, std::int64_t out) {
  return {random_f64(x, 1), random_f64({out, x[-1]}, 2), random_f64({out}, 3)};
}

Variable with_bias(const std::vector<Variable>& in) {
  return ops::linear(in[0], in[1], in[2]);
}

Variable without_bias(const std::vector<Variable>& in) {
  return ops::linear(in[0], in[1]);
}

TEST_CASE("linear: values by hand") {
  const Variable x = variable_of({1, 2, 3, 4}, {2, 2});
  const Variable weight = variable_of({1, 0, 0, 1, 10, 100}, {3, 2});
  CHECK(to_doubles(ops::linear(x, weight).value()) == std::vector<double>{1, 2, 210, 3, 4, 430});
  const Variable bias = variable_of({5, 6, 7}, {3});
  CHECK(to_doubles(ops::linear(x, weight, bias).value()) ==
        std::vector<double>{6, 8, 217, 8, 10, 437});
}

TEST_CASE("linear: keeps the leading dimensions") {
  const Variable weight(random_f64({3, 2}, 1));
  CHECK(ops::linear(Variable(random_f64({2}, 1)), weight).shape() == Shape{3});
  CHECK(ops::linear(Variable(random_f64({4, 5, 2}, 1)), weight).shape() == Shape{4, 5, 3});
}

TEST_CASE("linear: refuses sizes that do not fit") {
  const Variable x(random_f64({3, 5}, 1));
  const Variable weight(random_f64({4, 6}, 1));
  CHECK(message_of([&] { ops::linear(x, weight); }) ==
        "linear: expected input [..., 6] to match weight [4, 6], got [3, 5]");
  CHECK(message_of([&] { ops::linear(Variable(random_f64({}, 1)), weight); }) ==
        "linear: expected input [..., 6] to match weight [4, 6], got []");
  CHECK(message_of([&] {
          ops::linear(Variable(random_f64({3, 6}, 1)), weight, x);
        }) == "linear: bias does not fit weight [4, 6]");
}

TEST_CASE("linear: gradient matches finite differences") {
  for (const auto& [shape, out] : {std::pair(Shape{1, 1}, 1),
                                   std::pair(Shape{3}, 5),
                                   std::pair(Shape{7, 5}, 3),
                                   std::pair(Shape{2, 3, 4}, 9),
                                   std::pair(Shape{65, 3}, 2),
                                   std::pair(Shape{130, 1}, 3)}) {
    CAPTURE(shape);
    check_function(with_bias, inputs_of(shape, out));
    check_function(without_bias, {inputs_of(shape, out)[0], inputs_of(shape, out)[1]});
  }
}

TEST_CASE("linear: input used as its own weight") {
  check_function([](const auto& in) { return ops::linear(in[0], in[0]); }, {random_f64({5, 5}, 1)});
}

TEST_CASE("linear: computes only the requested gradients") {
  const Variable x(random_f64({3, 2}, 1));
  const Variable weight(random_f64({4, 2}, 2));
  const Variable bias(random_f64({4}, 3), true);
  backward(ops::sum(ops::linear(x, weight, bias)));
  CHECK(to_doubles(bias.grad()) == std::vector<double>(4, 3.0));
  CHECK_FALSE(x.grad().defined());
  CHECK_FALSE(weight.grad().defined());
}

// Past 32 chunks of 64 rows, where the weight's gradient is a sum over chunks of several tiles.
TEST_CASE("linear: many rows give the naive sums") {
  const std::int64_t rows = 64 * 33 + 7;
  const std::vector<Tensor> inputs = inputs_of({rows, 3}, 2);
  const Differentiated got = differentiate(with_bias, inputs);
  const std::vector<double> x = to_doubles(inputs[0]);
  const std::vector<double> g = to_doubles(random_f64({rows, 2}, 7));
  std::vector<double> grad_weight(6, 0.0);
  std::vector<double> grad_bias(2, 0.0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i) {
    for (std::size_t o = 0; o < 2; ++o) {
      grad_bias[o] += g[2 * i + o];
      for (std::size_t j = 0; j < 3; ++j) {
        grad_weight[3 * o + j] += g[2 * i + o] * x[3 * i + j];
      }
    }
  }
  CHECK(relative_error(grad_weight, got.grads[1]) < tolerance::kSum);
  CHECK(relative_error(grad_bias, got.grads[2]) < tolerance::kSum);
}

TEST_CASE("linear: float32 stays close to float64") {
  check_float32(with_bias, inputs_of({70, 64}, 33));
}

TEST_CASE("linear_residual: equals residual + dropout(linear)") {
  for (const Dropout& dropout : {Dropout{}, kDropout}) {
    for (const auto& [shape, out] : {std::pair(Shape{1, 1}, 1),
                                     std::pair(Shape{7, 5}, 3),
                                     std::pair(Shape{3, 4, 5}, 6),
                                     std::pair(Shape{131, 9}, 17)}) {
      CAPTURE(shape);
      CAPTURE(dropout.rate);
      std::vector<Tensor> inputs = inputs_of(shape, out);
      const std::int64_t rows = inputs[0].rows();
      inputs.push_back(
          random_f64(shape.rank() == 3 ? Shape{shape[0], shape[1], out} : Shape{rows, out}, 4));
      check_equal(
          [&](const auto& in) {
            return ops::add(in[3], ops::dropout(ops::linear(in[0], in[1], in[2]), dropout));
          },
          [&](const auto& in) { return ops::linear_residual(in[0], in[1], in[2], in[3], dropout); },
          inputs);
    }
  }
}

TEST_CASE("linear_residual: gradient matches finite differences, the input its own residual") {
  check_function(
      [](const auto& in) { return ops::linear_residual(in[0], in[1], in[2], in[0], kDropout); },
      inputs_of({6, 5}, 5));
}

TEST_CASE("linear_residual: float32 stays close to float64") {
  check_float32(
      [](const auto& in) { return ops::linear_residual(in[0], in[1], in[2], in[0], kDropout); },
      inputs_of({70, 16}, 16));
}

TEST_CASE("linear_residual: refuses sizes that do not fit") {
  const Variable x(random_f64({3, 5}, 1));
  const Variable weight(random_f64({4, 5}, 1));
  const Variable bias(random_f64({4}, 1));
  const auto call = [&](const Variable& in, const Variable& b, const Variable& residual) {
    return message_of([&] { ops::linear_residual(in, weight, b, residual, {}); });
  };
  CHECK(call(Variable(random_f64({3, 6}, 1)), bias, Variable(random_f64({3, 4}, 1))) ==
        "linear_residual: expected input [..., 5] to match weight [4, 5], got [3, 6]");
  CHECK(call(x, x, Variable(random_f64({3, 4}, 1))) ==
        "linear_residual: bias does not fit weight [4, 5]");
  CHECK(call(x, bias, Variable(random_f64({2, 4}, 1))) ==
        "linear_residual: expected residual [3, 4], got [2, 4]");
  CHECK(call(x, {}, Variable(random_f64({3, 4}, 1))) == "linear_residual: expected a bias");
}

}  // namespace
}  // namespace elastic::linear_test

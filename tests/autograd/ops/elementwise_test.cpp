#include "autograd/ops/elementwise.h"

#include "autograd/op_checks.h"

namespace elastic::elementwise_test {
namespace {

const std::vector<Shape> kShapes{{}, {1}, {7}, {3, 5}, {2, 3, 4, 5}};

TEST_CASE("add, multiply, scale: values by hand") {
  const Variable a = variable_of({1, 2, 3}, {3});
  const Variable b = variable_of({4, -5, 6}, {3});
  CHECK(to_doubles(ops::add(a, b).value()) == std::vector<double>{5, -3, 9});
  CHECK(to_doubles(ops::multiply(a, b).value()) == std::vector<double>{4, -10, 18});
  CHECK(to_doubles(ops::scale(b, -2.0).value()) == std::vector<double>{-8, 10, -12});
}

TEST_CASE("add and multiply: refuse shapes that differ") {
  const Variable a = variable_of({1, 2}, {2});
  const Variable b = variable_of({1, 2}, {2, 1});
  CHECK(message_of([&] { ops::add(a, b); }) == "add: shapes differ, [2] and [2, 1]");
  CHECK(message_of([&] { ops::multiply(a, b); }) == "multiply: shapes differ, [2] and [2, 1]");
}

TEST_CASE("add, multiply, scale: gradients match finite differences") {
  for (const Shape& shape : kShapes) {
    CAPTURE(shape);
    const std::vector<Tensor> inputs{random_f64(shape, 1), random_f64(shape, 2)};
    check_function([](const auto& in) { return ops::add(in[0], in[1]); }, inputs);
    check_function([](const auto& in) { return ops::multiply(in[0], in[1]); }, inputs);
    check_function([](const auto& in) { return ops::scale(in[0], -0.7); }, {inputs[0]});
  }
}

TEST_CASE("add and multiply: one input used twice") {
  check_function([](const auto& in) { return ops::multiply(ops::add(in[0], in[0]), in[0]); },
                 {random_f64({5}, 1)});
}

TEST_CASE("add, multiply, scale: float32 stays close to float64") {
  check_float32(
      [](const auto& in) { return ops::scale(ops::multiply(ops::add(in[0], in[1]), in[1]), 0.3); },
      {random_f64({3, 7}, 1), random_f64({3, 7}, 2)});
}

}  // namespace
}  // namespace elastic::elementwise_test

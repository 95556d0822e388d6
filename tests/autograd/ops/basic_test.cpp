#include "autograd/ops/basic.h"

#include "autograd/op_checks.h"

namespace elastic {
namespace {

const std::vector<Shape> kShapes{{}, {1}, {7}, {3, 5}, {2, 3, 4, 5}};

TEST_CASE("add, multiply, scale, sum: values by hand") {
  const Variable a = variable_of({1, 2, 3}, {3});
  const Variable b = variable_of({4, -5, 6}, {3});
  CHECK(to_doubles(ops::add(a, b).value()) == std::vector<double>{5, -3, 9});
  CHECK(to_doubles(ops::multiply(a, b).value()) == std::vector<double>{4, -10, 18});
  CHECK(to_doubles(ops::scale(b, -2.0).value()) == std::vector<double>{-8, 10, -12});
  CHECK(to_doubles(ops::sum(b).value()) == std::vector<double>{5});
  CHECK(ops::sum(b).shape() == Shape{});
}

TEST_CASE("add and multiply: refuse shapes that differ") {
  const Variable a = variable_of({1, 2}, {2});
  const Variable b = variable_of({1, 2}, {2, 1});
  CHECK(message_of([&] { ops::add(a, b); }) == "add: shapes differ, [2] and [2, 1]");
  CHECK(message_of([&] { ops::multiply(a, b); }) == "multiply: shapes differ, [2] and [2, 1]");
}

TEST_CASE("add, multiply, scale, gelu: gradients match finite differences") {
  for (const Shape& shape : kShapes) {
    CAPTURE(shape);
    const std::vector<Tensor> inputs{random_f64(shape, 1), random_f64(shape, 2)};
    check_function([](const auto& in) { return ops::add(in[0], in[1]); }, inputs);
    check_function([](const auto& in) { return ops::multiply(in[0], in[1]); }, inputs);
    check_function([](const auto& in) { return ops::scale(in[0], -0.7); }, {inputs[0]});
    check_function([](const auto& in) { return ops::gelu(in[0]); }, {inputs[0]});
  }
}

TEST_CASE("sum: gradient is one everywhere, in tensors longer than a slice too") {
  const Variable x(random_f64({70001}, 1), true);
  backward(ops::scale(ops::sum(x), 3.0));
  CHECK(to_doubles(x.grad()) == std::vector<double>(70001, 3.0));
}

TEST_CASE("sum: long sums match a sum in order") {
  const Tensor x = random_f64({100003}, 2);
  double want = 0.0;
  for (const double value : to_doubles(x)) {
    want += value;
  }
  CHECK(to_doubles(ops::sum(Variable(x)).value())[0] == doctest::Approx(want).epsilon(1e-9));
}

TEST_CASE("add and multiply: one input used twice") {
  check_function([](const auto& in) { return ops::multiply(ops::add(in[0], in[0]), in[0]); },
                 {random_f64({5}, 1)});
}

TEST_CASE("reshape: keeps elements and gradients") {
  const Variable x = variable_of({1, 2, 3, 4, 5, 6}, {2, 3}, true);
  const Variable y = ops::reshape(x, {3, 2});
  CHECK(y.shape() == Shape{3, 2});
  CHECK(to_doubles(y.value()) == to_doubles(x.value()));
  check_function(
      [](const auto& in) {
        return ops::reshape(in[0], {3, 2});
      },
      {random_f64({2, 3}, 1)});
  // The view beside its source: gradients of both add up.
  check_function(
      [](const auto& in) {
        return ops::multiply(ops::reshape(in[0], {6}), ops::reshape(in[0], {6}));
      },
      {random_f64({2, 3}, 1)});
}

TEST_CASE("reshape: refuses another number of elements") {
  CHECK(message_of([] {
          ops::reshape(variable_of({1, 2}, {2}), {3});
        }) == "reshape: [2] does not fit [3]");
}

TEST_CASE("gelu: values of the tanh form") {
  const std::vector<double> x{-6.0, -1.0, -0.1, 0.0, 0.5, 1.0, 3.0, 30.0};
  std::vector<double> want;
  for (const double value : x) {
    want.push_back(
        0.5 * value *
        (1.0 + std::tanh(std::sqrt(2.0 / M_PI) * (value + 0.044715 * value * value * value))));
  }
  const Variable y = ops::gelu(variable_of(x, {8}));
  for (std::size_t i = 0; i < x.size(); ++i) {
    CHECK(std::abs(to_doubles(y.value())[i] - want[i]) < tolerance::kSum);
  }
}

TEST_CASE("gelu: gradients of long inputs match those of short ones") {
  // Past the slice of 256 elements that the kernel takes at a time.
  const Tensor x = random_f64({777}, 3);
  const Differentiated all = differentiate([](const auto& in) { return ops::gelu(in[0]); }, {x});
  const std::vector<double> weights = to_doubles(random_f64({777}, 7));
  for (const std::int64_t i : {0, 255, 256, 511, 512, 776}) {
    const auto at = static_cast<std::size_t>(i);
    const Variable one(clone(x.slice(i, i + 1)), true);
    backward(ops::sum(ops::gelu(one)));
    CHECK(all.grads[0][at] == doctest::Approx(weights[at] * to_doubles(one.grad())[0]));
  }
}

TEST_CASE("gelu: an element has the same bits wherever it stands") {
  const NoGrad no_grad;
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor x = random_tensor({100}, 4, dtype);
    const Tensor all = ops::gelu(Variable(x)).value();
    for (std::int64_t i = 0; i < 100; ++i) {
      CAPTURE(i);
      CHECK(same_bits(ops::gelu(Variable(clone(x.slice(i, i + 1)))).value(), all.slice(i, i + 1)));
    }
  }
}

TEST_CASE("dropout: drops or scales, and backward uses the same mask") {
  const Dropout dropout{0.4, 11, 2, 3};
  const Variable x = variable_of(std::vector<double>(500, 2.0), {5, 100}, true);
  const Variable y = ops::dropout(x, dropout);
  backward(ops::sum(y));
  const std::vector<double> values = to_doubles(y.value());
  const std::vector<double> grads = to_doubles(x.grad());
  int dropped = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    dropped += values[i] == 0.0 ? 1 : 0;
    CHECK(grads[i] == doctest::Approx(values[i] / 2.0));
    CHECK((values[i] == 0.0 || values[i] == doctest::Approx(2.0 / 0.6)));
  }
  CHECK(dropped > 150);
  CHECK(dropped < 250);
}

TEST_CASE("dropout: gradient matches finite differences; off, it is the input itself") {
  const Dropout dropout{0.3, 5, 1, 2};
  check_function([&](const auto& in) { return ops::dropout(in[0], dropout); },
                 {random_f64({5, 61}, 1)});
  const Variable x = variable_of({1, 2}, {2}, true);
  CHECK(ops::dropout(x, Dropout{}).value().raw_data() == x.value().raw_data());
}

TEST_CASE("basic ops: float32 stays close to float64") {
  check_float32(
      [](const auto& in) {
        const Variable y = ops::multiply(ops::gelu(ops::add(in[0], in[1])), in[1]);
        return ops::reshape(ops::dropout(ops::scale(y, 0.3), Dropout{0.2, 1, 1, 1}), {21});
      },
      {random_f64({3, 7}, 1), random_f64({3, 7}, 2)});
}

}  // namespace
}  // namespace elastic

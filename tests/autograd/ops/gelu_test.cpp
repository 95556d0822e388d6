#include "autograd/ops/gelu.h"

#include <cmath>

#include "autograd/op_checks.h"
#include "autograd/ops/sum.h"

namespace elastic::gelu_test {
namespace {

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

TEST_CASE("gelu: gradient matches finite differences") {
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{7}, Shape{3, 5}, Shape{2, 3, 4, 5}}) {
    CAPTURE(shape);
    check_function([](const auto& in) { return ops::gelu(in[0]); }, {random_f64(shape, 1)});
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

TEST_CASE("gelu: an element has the same bits at any place") {
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

TEST_CASE("gelu: float32 stays close to float64") {
  check_float32([](const auto& in) { return ops::gelu(in[0]); }, {random_f64({3, 7}, 1)});
}

}  // namespace
}  // namespace elastic::gelu_test

#include "autograd/ops/silu.h"

#include <cmath>

#include "autograd/op_checks.h"

namespace elastic::silu_test {
namespace {

TEST_CASE("silu: values, also where the exponential overflows") {
  const std::vector<double> x{-1000.0, -6.0, -1.0, -0.1, 0.0, 0.5, 1.0, 3.0, 1000.0};
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const NoGrad no_grad;
    const std::vector<double> y =
        to_doubles(ops::silu(Variable(make_tensor(x, {9}, dtype))).value());
    for (std::size_t i = 0; i < x.size(); ++i) {
      CAPTURE(x[i]);
      CHECK(y[i] == doctest::Approx(x[i] / (1.0 + std::exp(-x[i]))).epsilon(1e-6));
    }
  }
}

TEST_CASE("silu: gradient matches finite differences") {
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{7}, Shape{3, 5}, Shape{2, 3, 4, 5}}) {
    CAPTURE(shape);
    check_function([](const auto& in) { return ops::silu(in[0]); }, {random_f64(shape, 1)});
  }
}

TEST_CASE("silu: gradients are finite where the exponential overflows") {
  const Differentiated result =
      differentiate([](const auto& in) { return ops::silu(in[0]); },
                    {make_tensor({-1000.0, 1000.0}, {2}, DType::kFloat64)});
  const std::vector<double> weights = to_doubles(random_f64({2}, 7));
  CHECK(result.grads[0][0] == 0.0);
  CHECK(result.grads[0][1] == doctest::Approx(weights[1]));
}

TEST_CASE("silu: an element has the same bits at any place") {
  const NoGrad no_grad;
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor x = random_tensor({100}, 4, dtype);
    const Tensor all = ops::silu(Variable(x)).value();
    for (std::int64_t i = 0; i < 100; ++i) {
      CAPTURE(i);
      CHECK(same_bits(ops::silu(Variable(clone(x.slice(i, i + 1)))).value(), all.slice(i, i + 1)));
    }
  }
}

TEST_CASE("silu: float32 stays close to float64") {
  check_float32([](const auto& in) { return ops::silu(in[0]); }, {random_f64({3, 7}, 1)});
}

}  // namespace
}  // namespace elastic::silu_test

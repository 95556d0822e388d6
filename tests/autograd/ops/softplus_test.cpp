#include "autograd/ops/softplus.h"

#include <cmath>

#include "autograd/op_checks.h"

namespace elastic::softplus_test {
namespace {

TEST_CASE("softplus: values, also where the exponential overflows") {
  const std::vector<double> x{-1000.0, -20.0, -1.0, 0.0, 0.5, 3.0, 40.0, 1000.0};
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const NoGrad no_grad;
    const std::vector<double> y =
        to_doubles(ops::softplus(Variable(make_tensor(x, {8}, dtype))).value());
    for (std::size_t i = 0; i < x.size(); ++i) {
      CAPTURE(x[i]);
      const double want = x[i] > 50.0 ? x[i] : std::log1p(std::exp(x[i]));
      CHECK(y[i] == doctest::Approx(want).epsilon(1e-6));
    }
  }
}

TEST_CASE("softplus: gradient matches finite differences") {
  for (const Shape& shape : {Shape{1}, Shape{7}, Shape{3, 5}}) {
    CAPTURE(shape);
    check_function([](const auto& in) { return ops::softplus(in[0]); }, {random_f64(shape, 1)});
  }
}

TEST_CASE("softplus: gradients are finite where the exponential overflows") {
  const Differentiated result =
      differentiate([](const auto& in) { return ops::softplus(in[0]); },
                    {make_tensor({-1000.0, 1000.0}, {2}, DType::kFloat64)});
  const std::vector<double> weights = to_doubles(random_f64({2}, 7));
  CHECK(result.grads[0][0] == 0.0);
  CHECK(result.grads[0][1] == doctest::Approx(weights[1]));
}

TEST_CASE("softplus: float32 stays close to float64") {
  check_float32([](const auto& in) { return ops::softplus(in[0]); }, {random_f64({3, 7}, 1)});
}

}  // namespace
}  // namespace elastic::softplus_test

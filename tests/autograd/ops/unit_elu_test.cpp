#include "autograd/ops/unit_elu.h"

#include "autograd/op_checks.h"

namespace elastic::unit_elu_test {
namespace {

std::vector<double> naive(const std::vector<double>& x, std::size_t columns) {
  std::vector<double> y;
  for (std::size_t row = 0; row < x.size(); row += columns) {
    double squares = 0.0;
    for (std::size_t j = 0; j < columns; ++j) {
      y.push_back(x[row + j] > 0 ? x[row + j] : std::expm1(x[row + j]));
      squares += y.back() * y.back();
    }
    for (std::size_t j = 0; j < columns; ++j) {
      y[row + j] /= std::sqrt(squares) + 1e-12;
    }
  }
  return y;
}

TEST_CASE("unit_elu: values by hand") {
  const Variable y = ops::unit_elu(variable_of({3, 4, std::log(0.25), -1000}, {2, 2}));
  CHECK(relative_error({0.6, 0.8, -0.6, -0.8}, to_doubles(y.value())) < tolerance::kByHand);
}

TEST_CASE("unit_elu: equals plain loops") {
  for (const Shape& shape : {Shape{1}, Shape{2, 5}, Shape{70, 2, 32}, Shape{3, 67}, Shape{9, 1}}) {
    CAPTURE(shape);
    const Tensor x = random_f64(shape, 1, 2.0);
    CHECK(relative_error(naive(to_doubles(x), static_cast<std::size_t>(shape[-1])),
                         to_doubles(ops::unit_elu(Variable(x)).value())) < tolerance::kEqual);
  }
}

// e^x - 1 would lose all digits here.
TEST_CASE("unit_elu: rows next to zero keep their direction, in float32 too") {
  const std::vector<double> values{-3e-7, 4e-7, -3e-4, -4e-4, -0.49, -0.51};
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor x = make_tensor(values, {3, 2}, dtype);
    CHECK(relative_error(naive(to_doubles(x), 2), to_doubles(ops::unit_elu(Variable(x)).value())) <
          (dtype == DType::kFloat32 ? 1e-6 : tolerance::kEqual));
  }
}

TEST_CASE("unit_elu: a row of zeros stays zero and has the gradient of its division") {
  const Differentiated result = differentiate([](const auto& in) { return ops::unit_elu(in[0]); },
                                              {tensor_of<double>({0, 0, 0}, {1, 3})});
  CHECK(result.value == std::vector<double>{0, 0, 0});
  const std::vector<double> weights =
      differentiate([](const auto& in) { return in[0]; }, {tensor_of<double>({0, 0, 0}, {1, 3})})
          .grads[0];
  for (std::size_t j = 0; j < 3; ++j) {
    CHECK(std::abs(result.grads[0][j] * 1e-12 - weights[j]) < tolerance::kByHand);
  }
}

TEST_CASE("unit_elu: gradient matches finite differences") {
  for (const Shape& shape : {Shape{5}, Shape{3, 1, 7}, Shape{2, 35}, Shape{66, 3}}) {
    CAPTURE(shape);
    check_function([](const auto& in) { return ops::unit_elu(in[0]); }, {random_f64(shape, 1)});
  }
}

TEST_CASE("unit_elu: a row has the same bits alone and among others") {
  const NoGrad no_grad;
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor x = random_tensor({70, 13}, 1, dtype);
    const Tensor all = ops::unit_elu(Variable(x)).value();
    for (std::int64_t i = 0; i < 70; ++i) {
      CAPTURE(i);
      CHECK(same_bits(ops::unit_elu(Variable(clone(x.slice(i, i + 1)))).value(),
                      all.slice(i, i + 1)));
    }
  }
}

TEST_CASE("unit_elu: NaN affects its own row only") {
  std::vector<double> values(3 * 20, 0.5);
  values[25] = NAN;
  const std::vector<double> y =
      to_doubles(ops::unit_elu(Variable(make_tensor(values, {3, 20}, DType::kFloat32))).value());
  for (std::size_t i = 0; i < y.size(); ++i) {
    CHECK(std::isnan(y[i]) == (i / 20 == 1));
  }
}

TEST_CASE("unit_elu: float32 stays close to float64") {
  check_float32([](const auto& in) { return ops::unit_elu(in[0]); }, {random_f64({300, 32}, 1)});
}

TEST_CASE("unit_elu: refuses a scalar") {
  CHECK(message_of([] { ops::unit_elu(variable_of({1}, {})); }) ==
        "unit_elu: expected rows [..., N], got []");
}

}  // namespace
}  // namespace elastic::unit_elu_test

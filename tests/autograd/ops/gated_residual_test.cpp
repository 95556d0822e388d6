#include "autograd/ops/gated_residual.h"

#include <cmath>

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"

namespace elastic::gated_residual_test {
namespace {

Variable of(const std::vector<Variable>& in) {
  return ops::gated_residual(in[0], in[1], in[2]);
}

std::vector<Tensor> inputs_of(const Shape& shape) {
  return {random_f64(shape, 1), random_f64(shape, 2), random_f64(shape, 3)};
}

TEST_CASE("gated_residual: values by hand, and gates far from zero") {
  const Variable x = variable_of({1, 1, 1, 2}, {4});
  const Variable y = variable_of({5, 5, 5, 3}, {4});
  const Variable gate = variable_of({0, 1000, -1000, std::log(3.0)}, {4});
  const std::vector<double> want{3, 5, 1, 2.75};
  CHECK(relative_error(want, to_doubles(ops::gated_residual(x, y, gate).value())) <
        tolerance::kByHand);
}

TEST_CASE("gated_residual: gradients match finite differences") {
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{7}, Shape{3, 5}, Shape{5, 33}}) {
    CAPTURE(shape);
    check_function(of, inputs_of(shape));
  }
}

TEST_CASE("gated_residual: one variable as all inputs adds up its gradients") {
  check_function([](const auto& in) { return ops::gated_residual(in[0], in[0], in[0]); },
                 {random_f64({4}, 1)});
}

TEST_CASE("gated_residual: an element has the same bits at any place") {
  const NoGrad no_grad;
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    std::vector<Variable> in;
    for (const std::uint64_t seed : {1, 2, 3}) {
      in.emplace_back(random_tensor({70}, seed, dtype));
    }
    const Tensor all = of(in).value();
    for (std::int64_t i = 0; i < 70; ++i) {
      std::vector<Variable> one;
      for (const Variable& whole : in) {
        one.emplace_back(clone(whole.value().slice(i, i + 1)));
      }
      CHECK(same_bits(of(one).value(), all.slice(i, i + 1)));
    }
  }
}

TEST_CASE("gated_residual: float32 stays close to float64") {
  check_float32(of, inputs_of({3, 7}));
}

TEST_CASE("gated_residual: shapes that differ are refused") {
  const Variable two = variable_of({1, 2}, {2});
  const Variable three = variable_of({1, 2, 3}, {3});
  CHECK_THROWS_AS(ops::gated_residual(two, two, three), ShapeError);
  CHECK_THROWS_AS(ops::gated_residual(two, three, two), ShapeError);
}

}  // namespace
}  // namespace elastic::gated_residual_test

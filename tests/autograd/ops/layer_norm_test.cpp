#include "autograd/ops/layer_norm.h"

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"

namespace elastic::layer_norm_test {
namespace {

Variable normed(const std::vector<Variable>& in) {
  return ops::layer_norm(in[0], {in[1], in[2]});
}

std::vector<Tensor> inputs_of(const Shape& shape) {
  return {random_f64(shape, 1), random_f64({shape[-1]}, 2), random_f64({shape[-1]}, 3)};
}

TEST_CASE("layer_norm: values by hand") {
  // Mean 2, variance 1.
  const Variable x = variable_of({1, 3}, {1, 2});
  const double r = 1.0 / std::sqrt(1.0 + 1e-5);
  CHECK(relative_error({-r, r}, to_doubles(ops::layer_norm(x, {}).value())) < tolerance::kByHand);
  const Variable y = ops::layer_norm(x, {variable_of({2, 3}, {2}), variable_of({10, 20}, {2})});
  CHECK(relative_error({10 - 2 * r, 20 + 3 * r}, to_doubles(y.value())) < tolerance::kByHand);
}

TEST_CASE("layer_norm: a constant row becomes the bias") {
  const Variable x = variable_of({5, 5, 5}, {1, 3});
  CHECK(to_doubles(ops::layer_norm(x, {}).value()) == std::vector<double>{0, 0, 0});
}

TEST_CASE("layer_norm: refuses a scalar and weights that do not fit") {
  CHECK(message_of([] { ops::layer_norm(variable_of({1}, {}), {}); }) ==
        "layer_norm: expected [..., D], got []");
  CHECK(message_of([] {
          ops::layer_norm(variable_of({1, 2}, {1, 2}),
                          {variable_of({1, 2, 3}, {3}), variable_of({1, 2, 3}, {3})});
        }) == "layer_norm: weight [3] does not fit input [1, 2]");
}

TEST_CASE("layer_norm: gradient matches finite differences") {
  // Rows past a tile of 64 and a size of 1, where the input's gradient is zero.
  for (const Shape& shape :
       {Shape{1, 1}, Shape{5}, Shape{3, 7}, Shape{2, 3, 4}, Shape{67, 3}, Shape{2, 33}}) {
    CAPTURE(shape);
    check_function(normed, inputs_of(shape));
    check_function([](const auto& in) { return ops::layer_norm(in[0], {}); },
                   {random_f64(shape, 1)});
  }
}

TEST_CASE("layer_norm: one input used twice") {
  check_function(
      [](const auto& in) {
        const ops::NormVariables norm{in[1], in[2]};
        return ops::add(ops::layer_norm(ops::layer_norm(in[0], norm), norm), in[0]);
      },
      inputs_of({3, 5}));
}

TEST_CASE("layer_norm: many rows add up to the sum of their parts") {
  // Past 32 chunks of 64 rows: the weight's gradient is a sum over chunks.
  const std::int64_t rows = 64 * 33 + 5;
  const std::vector<Tensor> inputs = inputs_of({rows, 3});
  const Differentiated all = differentiate(normed, inputs);
  const std::vector<double> g = to_doubles(random_f64({rows, 3}, 7));
  const std::vector<double> n = to_doubles(ops::layer_norm(Variable(inputs[0]), {}).value());
  std::vector<double> grad_weight(3, 0.0);
  std::vector<double> grad_bias(3, 0.0);
  for (std::size_t i = 0; i < g.size(); ++i) {
    grad_weight[i % 3] += g[i] * n[i];
    grad_bias[i % 3] += g[i];
  }
  CHECK(relative_error(grad_weight, all.grads[1]) < tolerance::kSum);
  CHECK(relative_error(grad_bias, all.grads[2]) < tolerance::kSum);
}

TEST_CASE("layer_norm: float32 stays close to float64") {
  check_float32(normed, inputs_of({70, 64}));
}

}  // namespace
}  // namespace elastic::layer_norm_test

#include "autograd/check_gradients.h"

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/sum.h"
#include "tensor/kernels/elementwise.h"

namespace elastic {
namespace {

// x^2 with a gradient that is wrong by `factor`.
Variable square_with_error(const Variable& x, double factor) {
  Tensor out = empty_like(x.value());
  run(kernels::Multiply{x.value(), x.value(), out});
  return record(out, {x}, [x, factor](const Tensor& grad) {
    Tensor grad_x = empty_like(grad);
    run(kernels::Multiply{grad, x.value(), grad_x});
    run(kernels::Scale{grad_x, 2.0 * factor, grad_x});
    x.add_grad(std::move(grad_x));
  });
}

TEST_CASE("check_gradients: accepts a correct gradient") {
  check_gradients([](const auto& in) { return weighted_sum(square_with_error(in[0], 1.0)); },
                  {random_f64({3, 5}, 1)});
}

TEST_CASE("check_gradients: refuses one that is off by a hundred-thousandth") {
  CHECK_THROWS_AS(
      check_gradients(
          [](const auto& in) { return weighted_sum(square_with_error(in[0], 1.00001)); },
          {random_f64({3}, 1)}),
      Error);
}

TEST_CASE("check_gradients: names the input, the element and both values") {
  const std::string message = message_of([] {
    check_gradients(
        [](const auto& in) {
          return ops::add(ops::sum(in[0]), ops::sum(square_with_error(in[1], 3.0)));
        },
        {random_f64({2}, 1), tensor_of(std::vector<double>{0.0, 2.0}, {2})});
  });
  CHECK(message.find("gradient of input 1 at element 1: backward gives 12, differences give 4") ==
        0);
}

TEST_CASE("check_gradients: a missing gradient counts as zero") {
  CHECK_NOTHROW(check_gradients([](const auto& in) { return ops::sum(in[0]); },
                                {random_f64({2}, 1), random_f64({2}, 2)}));
}

TEST_CASE("weighted_sum: the same weights in both types, none of them cancelling") {
  const Variable ones = variable_of(std::vector<double>(6, 1.0), {2, 3});
  const Variable narrow(make_tensor(std::vector<double>(6, 1.0), {2, 3}, DType::kFloat32));
  const double wide_sum = to_doubles(weighted_sum(ones).value())[0];
  CHECK(std::abs(wide_sum) > 1e-3);
  CHECK(to_doubles(weighted_sum(narrow).value())[0] == doctest::Approx(wide_sum).epsilon(1e-5));
}

}  // namespace
}  // namespace elastic

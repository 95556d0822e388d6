#include "autograd/ops/swiglu.h"

#include <cmath>

#include "autograd/op_checks.h"

namespace elastic::swiglu_test {
namespace {

Variable of(const std::vector<Variable>& in) {
  return ops::swiglu(in[0], in[1]);
}

TEST_CASE("swiglu: values by hand, and inputs far from zero") {
  const Variable a = variable_of({0, std::log(3.0), 1000, -1000}, {4});
  const Variable b = variable_of({7, 4, 2, 2}, {4});
  const std::vector<double> want{0, 3 * std::log(3.0), 2000, 0};
  CHECK(relative_error(want, to_doubles(ops::swiglu(a, b).value())) < tolerance::kByHand);
}

TEST_CASE("swiglu: gradients match finite differences") {
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{7}, Shape{3, 5}, Shape{5, 33}}) {
    CAPTURE(shape);
    check_function(of, {random_f64(shape, 1), random_f64(shape, 2)});
  }
  check_function([](const auto& in) { return ops::swiglu(in[0], in[0]); }, {random_f64({4}, 1)});
}

TEST_CASE("swiglu: an element has the same bits at any place") {
  const NoGrad no_grad;
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor a = random_tensor({70}, 1, dtype);
    const Tensor b = random_tensor({70}, 2, dtype);
    const Tensor all = ops::swiglu(Variable(a), Variable(b)).value();
    for (std::int64_t i = 0; i < 70; ++i) {
      const Tensor one =
          ops::swiglu(Variable(clone(a.slice(i, i + 1))), Variable(clone(b.slice(i, i + 1))))
              .value();
      CHECK(same_bits(one, all.slice(i, i + 1)));
    }
  }
}

TEST_CASE("swiglu: float32 stays close to float64") {
  check_float32(of, {random_f64({3, 7}, 1), random_f64({3, 7}, 2)});
}

TEST_CASE("swiglu: shapes that differ are refused") {
  CHECK_THROWS_AS(ops::swiglu(variable_of({1, 2}, {2}), variable_of({1, 2, 3}, {3})), ShapeError);
}

}  // namespace
}  // namespace elastic::swiglu_test

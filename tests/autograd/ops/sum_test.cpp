#include "autograd/ops/sum.h"

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"

namespace elastic::sum_test {
namespace {

TEST_CASE("sum: values by hand") {
  const Variable x = variable_of({4, -5, 6}, {3});
  CHECK(to_doubles(ops::sum(x).value()) == std::vector<double>{5});
  CHECK(ops::sum(x).shape() == Shape{});
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

}  // namespace
}  // namespace elastic::sum_test

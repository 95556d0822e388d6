#include "autograd/ops/dropout.h"

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/gelu.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/sum.h"

namespace elastic::dropout_test {
namespace {

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

TEST_CASE("dropout: float32 stays close to float64, among other ops too") {
  check_float32(
      [](const auto& in) {
        const Variable y = ops::multiply(ops::gelu(ops::add(in[0], in[1])), in[1]);
        return ops::reshape(ops::dropout(ops::scale(y, 0.3), Dropout{0.2, 1, 1, 1}), {21});
      },
      {random_f64({3, 7}, 1), random_f64({3, 7}, 2)});
}

}  // namespace
}  // namespace elastic::dropout_test

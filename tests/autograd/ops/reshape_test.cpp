#include "autograd/ops/reshape.h"

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"

namespace elastic::reshape_test {
namespace {

TEST_CASE("reshape: keeps elements and gradients") {
  const Variable x = variable_of({1, 2, 3, 4, 5, 6}, {2, 3}, true);
  const Variable y = ops::reshape(x, {3, 2});
  CHECK(y.shape() == Shape{3, 2});
  CHECK(to_doubles(y.value()) == to_doubles(x.value()));
  check_function(
      [](const auto& in) {
        return ops::reshape(in[0], {3, 2});
      },
      {random_f64({2, 3}, 1)});
  // Uses the view and its source: gradients of both add up.
  check_function(
      [](const auto& in) {
        return ops::multiply(ops::reshape(in[0], {6}), ops::reshape(in[0], {6}));
      },
      {random_f64({2, 3}, 1)});
}

TEST_CASE("reshape: refuses another number of elements") {
  CHECK(message_of([] {
          ops::reshape(variable_of({1, 2}, {2}), {3});
        }) == "reshape: [2] does not fit [3]");
}

}  // namespace
}  // namespace elastic::reshape_test

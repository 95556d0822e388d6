#include "autograd/ops/stack.h"

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"

namespace elastic::stack_test {
namespace {

TEST_CASE("unstack: the parts along the first dimension") {
  const auto parts = ops::unstack(variable_of({1, 2, 3, 4, 5, 6}, {3, 2}));
  REQUIRE(parts.size() == 3);
  CHECK(parts[1].shape() == Shape{2});
  CHECK(to_doubles(parts[2].value()) == std::vector<double>{5, 6});
}

TEST_CASE("stack: undoes unstack") {
  const Tensor x = random_f64({3, 2, 4}, 1);
  const Variable again = ops::stack(ops::unstack(Variable(x)));
  CHECK(again.shape() == x.shape());
  CHECK(same_bits(again.value(), x));
}

TEST_CASE("unstack, stack: gradient matches finite differences, parts used twice or never") {
  check_function(
      [](const auto& in) {
        const auto parts = ops::unstack(in[0]);
        return ops::stack({ops::multiply(parts[0], in[1]), parts[2], parts[2], in[1]});
      },
      {random_f64({3, 2, 2}, 1), random_f64({2, 2}, 2)});
}

TEST_CASE("unstack, stack: refuse shapes that do not fit") {
  CHECK(message_of([] { ops::unstack(variable_of({1}, {})); }) ==
        "unstack: expected a tensor [N, ...], got []");
  CHECK(message_of([] { ops::stack({}); }) == "stack: expected one tensor or more");
  CHECK(message_of([] {
          ops::stack({variable_of({1}, {1}), variable_of({1, 2}, {2})});
        }) == "stack: shapes differ, [1] and [2]");
}

}  // namespace
}  // namespace elastic::stack_test

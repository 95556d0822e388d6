#include "autograd/ops/transpose.h"

#include "autograd/op_checks.h"

namespace elastic::transpose_test {
namespace {

TEST_CASE("transpose: swaps rows and columns, and so does its gradient") {
  const Variable x = variable_of({1, 2, 3, 4, 5, 6}, {2, 3});
  CHECK(ops::transpose(x).shape() == Shape{3, 2});
  CHECK(to_doubles(ops::transpose(x).value()) == std::vector<double>{1, 4, 2, 5, 3, 6});
  for (const Shape& shape : {Shape{1, 1}, Shape{1, 7}, Shape{5, 3}}) {
    check_function([](const auto& in) { return ops::transpose(in[0]); }, {random_f64(shape, 1)});
  }
  CHECK(message_of([] { ops::transpose(variable_of({1}, {1})); }) ==
        "transpose: expected a matrix, got [1]");
}

}  // namespace
}  // namespace elastic::transpose_test

#include "autograd/ops/softmax.h"

#include "autograd/op_checks.h"

namespace elastic::softmax_test {
namespace {

TEST_CASE("softmax: values by hand") {
  const Variable y = ops::softmax(variable_of({0, std::log(3.0), 5, 5}, {2, 2}));
  CHECK(relative_error({0.25, 0.75, 0.5, 0.5}, to_doubles(y.value())) < tolerance::kByHand);
}

TEST_CASE("softmax: large logits do not overflow") {
  const Variable y = ops::softmax(variable_of({1000, 1000, -1000, 0}, {4}));
  CHECK(relative_error({0.5, 0.5, 0, 0}, to_doubles(y.value())) < tolerance::kByHand);
}

TEST_CASE("softmax: a row of one is one") {
  CHECK(to_doubles(ops::softmax(variable_of({3, -8}, {2, 1})).value()) ==
        std::vector<double>{1, 1});
}

TEST_CASE("softmax: refuses a scalar") {
  CHECK(message_of([] { ops::softmax(variable_of({1}, {})); }) ==
        "softmax: expected logits [..., N], got []");
}

TEST_CASE("softmax: gradient matches finite differences") {
  for (const Shape& shape : {Shape{1}, Shape{5}, Shape{2, 3, 7}, Shape{1, 67}}) {
    CAPTURE(shape);
    check_function([](const auto& in) { return ops::softmax(in[0]); }, {random_f64(shape, 1)});
  }
}

// Rows of 13 start at every alignment.
TEST_CASE("softmax: a row has the same bits alone and among others") {
  const NoGrad no_grad;
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor x = random_tensor({70, 13}, 1, dtype);
    const Tensor all = ops::softmax(Variable(x)).value();
    for (std::int64_t i = 0; i < 70; ++i) {
      CAPTURE(i);
      CHECK(
          same_bits(ops::softmax(Variable(clone(x.slice(i, i + 1)))).value(), all.slice(i, i + 1)));
    }
  }
}

TEST_CASE("softmax: float32 stays close to float64") {
  check_float32([](const auto& in) { return ops::softmax(in[0]); }, {random_f64({5, 300}, 1)});
}

}  // namespace
}  // namespace elastic::softmax_test

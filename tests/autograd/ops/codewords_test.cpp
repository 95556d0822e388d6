#include "autograd/ops/codewords.h"

#include "autograd/op_checks.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/softmax.h"
#include "autograd/ops/transpose.h"
#include "tensor/kernels/argmax_rows.h"

namespace elastic::codewords_test {
namespace {

Tensor new_codes(std::int64_t rows) {
  return Tensor({rows}, DType::kInt32, test_device());
}

std::vector<std::int32_t> argmax(const std::vector<double>& values, const Shape& shape) {
  Tensor codes = new_codes(shape.rows());
  run(kernels::ArgmaxRows{tensor_of(values, shape), codes});
  return codes.to_vector<std::int32_t>();
}

TEST_CASE("argmax_rows: the largest, the first of several") {
  CHECK(argmax({1, 3, 2, 5, 5, 4, -3, -2, -1}, {3, 3}) == std::vector<std::int32_t>{1, 0, 2});
  CHECK(argmax({7, 8}, {2, 1}) == std::vector<std::int32_t>{0, 0});
}

TEST_CASE("argmax_rows: rows of any length, both types") {
  for (const std::int64_t columns : {1, 31, 33, 200, 1500}) {
    CAPTURE(columns);
    const std::vector<double> values = to_doubles(random_f64({70, columns}, 1));
    std::vector<std::int32_t> want;
    for (std::int64_t i = 0; i < 70; ++i) {
      const auto row = values.begin() + i * columns;
      want.push_back(static_cast<std::int32_t>(std::max_element(row, row + columns) - row));
    }
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      Tensor codes = new_codes(70);
      run(kernels::ArgmaxRows{make_tensor(values, {70, columns}, dtype), codes});
      CHECK(codes.to_vector<std::int32_t>() == want);
    }
  }
}

TEST_CASE("argmax_rows: a row with NaN gives a valid column") {
  for (const std::int32_t code : argmax({NAN, NAN, NAN, 1, NAN, 2, NAN, 1, 2}, {3, 3})) {
    CHECK(code >= 0);
    CHECK(code < 3);
  }
}

TEST_CASE("choose_words: the composed form's numbers") {
  const auto fused = [](const auto& in) {
    return ops::choose_words(in[0], in[1], new_codes(9), true).probs;
  };
  const std::vector<Tensor> inputs{random_f64({9, 4}, 1), random_f64({7, 4}, 2)};
  check_equal(
      [](const auto& in) { return ops::softmax(ops::linear(in[0], in[1])); }, fused, inputs);
  check_function(fused, inputs);
  check_float32(fused, inputs);
}

TEST_CASE(
    "choose_words: codes are those of the largest probability, probabilities only if wanted") {
  const Variable x(random_f64({40, 5}, 1), true);
  const Variable weight(random_f64({6, 5}, 2), true);
  const ops::ChosenWords words = ops::choose_words(x, weight, new_codes(40), true);
  CHECK(words.codes.to_vector<std::int32_t>() == argmax(to_doubles(words.probs.value()), {40, 6}));
  const ops::ChosenWords bare = ops::choose_words(x, weight, new_codes(40), false);
  CHECK_FALSE(bare.probs.defined());
  CHECK(same_bits(bare.codes, words.codes));
}

// The straight-through gradient is that of p codebook with p held at one-hot(codes): the function
// is linear in p, so the value of p does not matter.
TEST_CASE("straight_through_words: chosen rows, with the gradient of the soft choice") {
  const std::vector<std::int32_t> codes{2, 0, 2, 1, 2};
  std::vector<double> one_hot(15, 0.0);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    one_hot[i * 3 + static_cast<std::size_t>(codes[i])] = 1.0;
  }
  const std::vector<Tensor> inputs{random_f64({3, 4}, 1), tensor_of(one_hot, {5, 3})};
  check_equal([](const auto& in) { return ops::linear(in[1], ops::transpose(in[0])); },
              [&](const auto& in) {
                return ops::straight_through_words(in[0], {int_tensor(codes), in[1]});
              },
              inputs);
}

TEST_CASE("straight_through_words: works without probabilities") {
  check_function(
      [](const auto& in) {
        return ops::straight_through_words(in[0], {int_tensor({1, 0, 1}), {}});
      },
      {random_f64({2, 3}, 1)});
}

TEST_CASE("choose_words, straight_through_words: refuse shapes that do not fit") {
  const Variable x(random_f64({4, 3}, 1));
  CHECK(message_of([&] {
          ops::choose_words(x, Variable(random_f64({5, 2}, 1)), new_codes(4), true);
        }) == "choose_words: rows [4, 3], words [5, 2] and 4 codes do not fit");
  CHECK(
      message_of([&] {
        ops::straight_through_words(x, {new_codes(2), Variable(random_f64({2, 3}, 1))});
      }) ==
      "straight_through_words: expected probabilities [2, W] of a codebook [W, D], got [2, 3] and "
      "[4, 3]");
}

}  // namespace
}  // namespace elastic::codewords_test

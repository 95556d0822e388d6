#include "autograd/ops/token_softmax.h"

#include "autograd/op_checks.h"
#include "autograd/ops/softmax.h"
#include "autograd/ops/transpose.h"

namespace elastic::token_softmax_test {
namespace {

// Single tokens, odd numbers, past the tile of 64, the CUDA chunk of 256 and the chunk of 1024.
const std::vector<std::int32_t> kLengths{1, 3, 64, 65, 257, 1, 1024, 1025, 2100};

TEST_CASE("token_softmax: values by hand") {
  const double log3 = std::log(3.0);
  const Variable y =
      ops::token_softmax(variable_of({0, 5, log3, 5, 7, -8}, {3, 2}), segments_of({2, 1}));
  CHECK(relative_error({0.25, 0.5, 0.75, 0.5, 1, 1}, to_doubles(y.value())) < tolerance::kByHand);
}

TEST_CASE("token_softmax: large logits do not overflow, near or far apart") {
  std::vector<double> values(2500, -1000.0);
  values[7] = 1000.0;
  values[1500] = 1000.0;
  const std::vector<double> y =
      to_doubles(ops::token_softmax(variable_of(values, {2500, 1}), segments_of({2500})).value());
  for (std::size_t i = 0; i < y.size(); ++i) {
    CHECK(std::abs(y[i] - (values[i] > 0 ? 0.5 : 0.0)) < tolerance::kByHand);
  }
}

TEST_CASE("token_softmax: equals the softmax of the transpose, segment by segment") {
  const Segments segments = segments_of(kLengths);
  for (const std::int64_t columns : {1, 5, 33}) {
    CAPTURE(columns);
    const Tensor x = random_f64({segments.num_tokens(), columns}, 1, 3.0);
    const Differentiated got =
        differentiate([&](const auto& in) { return ops::token_softmax(in[0], segments); }, {x});
    for (std::int64_t b = 0; b < segments.size(); ++b) {
      CAPTURE(b);
      const auto begin = static_cast<std::size_t>(segments.begin(b) * columns);
      const auto end = static_cast<std::size_t>(segments.end(b) * columns);
      const Variable part(clone(x.slice(segments.begin(b), segments.end(b))));
      const std::vector<double> want =
          to_doubles(ops::transpose(ops::softmax(ops::transpose(part))).value());
      CHECK(relative_error(want,
                           {got.value.begin() + static_cast<std::ptrdiff_t>(begin),
                            got.value.begin() + static_cast<std::ptrdiff_t>(end)}) <
            tolerance::kEqual);
    }
  }
}

// One segment, so that the transposed form covers it.
TEST_CASE("token_softmax: gradient equals that of the transposed softmax") {
  for (const std::int32_t length : {1, 63, 300, 2100}) {
    CAPTURE(length);
    check_equal([](const auto& in) { return ops::transpose(ops::softmax(ops::transpose(in[0]))); },
                [&](const auto& in) { return ops::token_softmax(in[0], segments_of({length})); },
                {random_f64({length, 7}, 2)});
  }
}

TEST_CASE("token_softmax: gradient matches finite differences, empty segments included") {
  for (const std::vector<std::int32_t>& lengths :
       {std::vector<std::int32_t>{1}, {4, 1, 2}, {0, 3, 0, 5, 0}}) {
    const Segments segments = segments_of(lengths);
    check_function([&](const auto& in) { return ops::token_softmax(in[0], segments); },
                   {random_f64({segments.num_tokens(), 3}, 1)});
  }
}

TEST_CASE("token_softmax: a sequence has the same bits alone and among others") {
  const NoGrad no_grad;
  const Segments segments = segments_of(kLengths);
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor x = random_tensor({segments.num_tokens(), 13}, 1, dtype);
    const Tensor all = ops::token_softmax(Variable(x), segments).value();
    for (std::int64_t b = 0; b < segments.size(); ++b) {
      CAPTURE(b);
      const Variable part(clone(x.slice(segments.begin(b), segments.end(b))));
      CHECK(same_bits(ops::token_softmax(part, segments_of({segments.length(b)})).value(),
                      all.slice(segments.begin(b), segments.end(b))));
    }
  }
}

TEST_CASE("token_softmax: NaN stays in its segment and column") {
  std::vector<double> values(5 * 2, 0.5);
  values[2] = NAN;  // of the second token, first column
  const std::vector<double> y =
      to_doubles(ops::token_softmax(Variable(make_tensor(values, {5, 2}, DType::kFloat32)),
                                    segments_of({3, 2}))
                     .value());
  for (std::size_t i = 0; i < y.size(); ++i) {
    CHECK(std::isnan(y[i]) == (i < 6 && i % 2 == 0));
  }
}

TEST_CASE("token_softmax: float32 stays close to float64") {
  const Segments segments = segments_of({70, 1, 1100});
  check_float32([&](const auto& in) { return ops::token_softmax(in[0], segments); },
                {random_f64({1171, 20}, 1)});
}

TEST_CASE("token_softmax: refuses segments that do not fit") {
  CHECK(message_of([] {
          ops::token_softmax(variable_of({1, 2, 3}, {3, 1}), segments_of({2}));
        }) == "token_softmax: expected tokens [2, C], got [3, 1]");
  CHECK(message_of([] {
          ops::token_softmax(variable_of({1, 2}, {2}), segments_of({2}));
        }) == "token_softmax: expected tokens [2, C], got [2]");
}

}  // namespace
}  // namespace elastic::token_softmax_test

#include "autograd/ops/segment_mean.h"

#include "autograd/op_checks.h"

namespace elastic::segment_mean_test {
namespace {

// Lengths 1, odd, and past the attention kernels' tiles.
const std::vector<std::int32_t> kLengths{3, 1, 70, 131};

// Token by token, in float64.
std::vector<double> naive_mean(const Tensor& x, const Segments& segments) {
  const std::vector<double> values = to_doubles(x);
  const std::int64_t dim = x.shape()[1];
  std::vector<double> means(static_cast<std::size_t>(segments.size() * dim));
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    for (std::int64_t t = segments.begin(b); t < segments.end(b); ++t) {
      for (std::int64_t j = 0; j < dim; ++j) {
        means[static_cast<std::size_t>(b * dim + j)] +=
            values[static_cast<std::size_t>(t * dim + j)] / segments.length(b);
      }
    }
  }
  return means;
}

TEST_CASE("segment_mean: equals the naive mean, in heads of any size") {
  for (const std::int64_t dim : {1, 8, 65, 67, 192}) {
    CAPTURE(dim);
    const Segments segments = segments_of(kLengths);
    const Tensor x = random_f64({segments.num_tokens(), dim}, 1);
    const Variable mean = ops::segment_mean(Variable(x), segments);
    CHECK(mean.shape() == Shape{segments.size(), dim});
    CHECK(relative_error(naive_mean(x, segments), to_doubles(mean.value())) < tolerance::kEqual);
  }
}

TEST_CASE("segment_mean: an empty segment gives zeros") {
  const Variable x = variable_of({1, 2, 3, 4}, {2, 2});
  const Variable mean = ops::segment_mean(x, segments_of({0, 2}));
  CHECK(to_doubles(mean.value()) == std::vector<double>{0, 0, 2, 3});
  const Variable nothing(random_f64({0, 2}, 1), true);
  const Variable zero = ops::segment_mean(nothing, segments_of({0, 0}));
  CHECK(to_doubles(zero.value()) == std::vector<double>{0, 0, 0, 0});
  backward(weighted_sum(zero));
}

TEST_CASE("segment_mean: gradient matches finite differences") {
  const Segments segments = segments_of({1, 5, 2});
  check_function([&](const auto& in) { return ops::segment_mean(in[0], segments); },
                 {random_f64({8, 3}, 2)});
}

TEST_CASE("segment_mean: float32 stays close to float64") {
  const Segments segments = segments_of(kLengths);
  check_float32([&](const auto& in) { return ops::segment_mean(in[0], segments); },
                {random_f64({segments.num_tokens(), 8}, 3)});
}

TEST_CASE("segment_mean: refuses tokens that do not fit the segments") {
  const Variable x = variable_of({1, 2}, {1, 2});
  CHECK(message_of([&] { ops::segment_mean(x, segments_of({2})); }) ==
        "segment_mean: expected [2, D] to match the segments, got [1, 2]");
}

}  // namespace
}  // namespace elastic::segment_mean_test

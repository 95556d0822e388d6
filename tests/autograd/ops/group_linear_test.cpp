#include "autograd/ops/group_linear.h"

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/linear.h"

namespace elastic::group_linear_test {
namespace {

// With an identity as the weight, the result is the groups.
Variable groups_of(const Variable& x, const Segments& segments, std::int64_t stride) {
  const std::int64_t in = stride * x.shape()[1];
  std::vector<double> identity(static_cast<std::size_t>(in * in), 0.0);
  for (std::int64_t i = 0; i < in; ++i) {
    identity[static_cast<std::size_t>(i * in + i)] = 1.0;
  }
  return ops::group_linear(x,
                           segments,
                           segments.grouped(static_cast<std::int32_t>(stride)),
                           stride,
                           variable_of(identity, {in, in}),
                           variable_of(std::vector<double>(static_cast<std::size_t>(in)), {in}));
}

TEST_CASE("group_linear: groups from the end, zeros in front of the oldest") {
  const Variable x = variable_of({1, 2, 3, 4, 5, 6, 7, 8}, {8, 1});
  const Variable out = groups_of(x, segments_of({3, 1, 4}), 2);
  CHECK(out.shape() == Shape{5, 2});
  CHECK(to_doubles(out.value()) == std::vector<double>{0, 1, 2, 3, 0, 4, 5, 6, 7, 8});
}

TEST_CASE("group_linear: a stride longer than a segment, and an empty segment") {
  const Variable x = variable_of({1, 2, 3, 4}, {2, 2});
  CHECK(to_doubles(groups_of(x, segments_of({2}), 5).value()) ==
        std::vector<double>{0, 0, 0, 0, 0, 0, 1, 2, 3, 4});
  CHECK(to_doubles(groups_of(x, segments_of({1, 0, 1}), 1).value()) ==
        std::vector<double>{1, 2, 0, 0, 3, 4});
}

TEST_CASE("group_linear: many groups give the linear layer of the groups") {
  // Tiles that lie in one segment, begin inside one, and cross several.
  const Segments segments = segments_of({1, 700, 3, 0, 130, 2, 2, 256});
  const std::int64_t stride = 3;
  const Variable x(random_f64({segments.num_tokens(), 2}, 1));
  const Variable weight(random_f64({5, 6}, 2));
  const Variable bias(random_f64({5}, 3));
  const Variable out = ops::group_linear(x, segments, segments.grouped(3), stride, weight, bias);
  const Variable composed = ops::linear(groups_of(x, segments, stride), weight, bias);
  CHECK(relative_error(to_doubles(composed.value()), to_doubles(out.value())) < tolerance::kSum);
}

TEST_CASE("group_linear: gradient matches finite differences") {
  for (const std::int32_t stride : {1, 2, 3, 8}) {
    CAPTURE(stride);
    const Segments segments = segments_of({1, 5, 0, 2, 7});
    const Segments groups = segments.grouped(stride);
    check_function(
        [&](const auto& in) {
          return ops::group_linear(in[0], segments, groups, stride, in[1], in[2]);
        },
        {random_f64({15, 3}, 1), random_f64({2, 3 * stride}, 2), random_f64({2}, 3)});
  }
  const Segments segments = segments_of({150, 60});
  const Segments groups = segments.grouped(2);
  check_function(
      [&](const auto& in) { return ops::group_linear(in[0], segments, groups, 2, in[1], in[2]); },
      {random_f64({210, 1}, 1), random_f64({1, 2}, 2), random_f64({1}, 3)});
}

TEST_CASE("group_linear: adds to an existing gradient of its input") {
  const Segments segments = segments_of({3, 4});
  check_function(
      [&](const auto& in) {
        return ops::group_linear(
            ops::add(in[0], ops::group_linear(in[0], segments, segments, 1, in[1], in[2])),
            segments,
            segments,
            1,
            in[1],
            in[2]);
      },
      {random_f64({7, 2}, 1), random_f64({2, 2}, 2), random_f64({2}, 3)});
}

TEST_CASE("group_linear: float32 stays close to float64") {
  const Segments segments = segments_of({3, 4});
  const Segments groups = segments.grouped(2);
  check_float32(
      [&](const auto& in) { return ops::group_linear(in[0], segments, groups, 2, in[1], in[2]); },
      {random_f64({7, 4}, 1), random_f64({3, 8}, 2), random_f64({3}, 3)});
}

TEST_CASE("group_linear: refuses sizes that do not fit") {
  const Segments segments = segments_of({2, 1});
  const auto run = [&](const Shape& x, const Shape& weight, const Shape& bias) {
    return message_of([&] {
      ops::group_linear(Variable(random_f64(x, 1)),
                        segments,
                        segments.grouped(2),
                        2,
                        Variable(random_f64(weight, 1)),
                        Variable(random_f64(bias, 1)));
    });
  };
  CHECK(run({2, 1}, {4, 2}, {4}) == "group_linear: expected tokens [3, D], got [2, 1]");
  CHECK(run({3, 1}, {4, 3}, {4}) ==
        "group_linear: expected weight [O, 2] and bias [O], got [4, 3] and [4]");
  CHECK(run({3, 1}, {4, 2}, {5}) ==
        "group_linear: expected weight [O, 2] and bias [O], got [4, 2] and [5]");
}

}  // namespace
}  // namespace elastic::group_linear_test

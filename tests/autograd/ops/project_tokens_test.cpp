#include "autograd/ops/project_tokens.h"

#include "autograd/op_checks.h"
#include "autograd/ops/linear.h"

namespace elastic::project_tokens_test {
namespace {

struct Case {
  std::vector<std::int32_t> lengths;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t dim;
};

// Sizes 1 and odd, columns that no segment uses, empty segments, more rows than a tile of 64, past
// the tiles, the CUDA chunk of 256 and the chunk of 1024, more segments than one group sums.
const std::vector<Case> kCases{{{1}, 1, 1, 1},
                               {{5, 1, 3}, 3, 7, 5},
                               {{0, 2, 0}, 2, 3, 4},
                               {{64, 65, 200, 1}, 8, 200, 6},
                               {{3, 1, 2, 5, 4, 1, 1, 2, 3, 5, 4, 2, 1, 5, 2, 3, 1, 4}, 2, 6, 3},
                               {{9, 33}, 70, 40, 66},
                               {{1025, 3, 2100}, 3, 2200, 4}};

TensorFunction project(const Case& c) {
  return [segments = segments_of(c.lengths)](const auto& in) {
    return ops::project_tokens(in[0], in[1], segments);
  };
}

std::vector<Tensor> inputs_of(const Case& c) {
  return {random_f64({segments_of(c.lengths).num_tokens(), c.dim}, 1),
          random_f64({c.rows, c.columns}, 2)};
}

// Calls body(b, i, c, t) for every segment, row and token.
template <class Body>
void for_each_term(const Case& by, const Body& body) {
  const Segments segments = segments_of(by.lengths);
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    for (std::int64_t i = 0; i < by.rows; ++i) {
      for (std::int64_t t = segments.begin(b); t < segments.end(b); ++t) {
        body(b, i, segments.end(b) - 1 - t, t);
      }
    }
  }
}

// Value and gradients of the weighted sum by plain loops; `weights` are the result's gradient.
Differentiated naive(const Case& by,
                     const std::vector<Tensor>& in,
                     const std::vector<double>& weights) {
  const std::vector<double> x = to_doubles(in[0]);
  const std::vector<double> projection = to_doubles(in[1]);
  Differentiated result{
      std::vector<double>(weights.size(), 0.0),
      {std::vector<double>(x.size(), 0.0), std::vector<double>(projection.size(), 0.0)}};
  for_each_term(by, [&](std::int64_t b, std::int64_t i, std::int64_t c, std::int64_t t) {
    const auto p = static_cast<std::size_t>(i * by.columns + c);
    for (std::int64_t j = 0; j < by.dim; ++j) {
      const auto from = static_cast<std::size_t>(t * by.dim + j);
      const auto to = static_cast<std::size_t>((b * by.rows + i) * by.dim + j);
      result.value[to] += projection[p] * x[from];
      result.grads[0][from] += projection[p] * weights[to];
      result.grads[1][p] += x[from] * weights[to];
    }
  });
  return result;
}

TEST_CASE("project_tokens: values by hand, columns counted from the last token") {
  const Variable x = variable_of({1, 10, 2, 20, 3, 30}, {3, 2});
  const Variable projection = variable_of({1, 100, 5, 0.5, 0, 7}, {2, 3});
  const Variable out = ops::project_tokens(x, projection, segments_of({2, 1}));
  CHECK(out.shape() == Shape{2, 2, 2});
  CHECK(relative_error({102, 1020, 1, 10, 3, 30, 1.5, 15}, to_doubles(out.value())) <
        tolerance::kByHand);
}

TEST_CASE("project_tokens: value and gradients equal naive sums") {
  for (std::size_t i = 0; i < kCases.size(); ++i) {
    CAPTURE(i);
    const Case& c = kCases[i];
    const std::vector<Tensor> inputs = inputs_of(c);
    const Differentiated got = differentiate(project(c), inputs);
    const Shape out{segments_of(c.lengths).size(), c.rows, c.dim};
    const std::vector<double> weights =
        differentiate([](const auto& in) { return in[0]; }, {random_f64(out, 1)}).grads[0];
    check_close(naive(c, inputs, weights), got, tolerance::kEqualDeep);
  }
}

TEST_CASE("project_tokens: gradient matches finite differences") {
  for (const Case& c : {kCases[0], kCases[1], kCases[2]}) {
    check_function(project(c), inputs_of(c));
  }
}

// Linformer relies on this.
TEST_CASE("project_tokens: commutes with a linear layer") {
  const Segments segments = segments_of({5, 1, 70});
  check_equal(
      [&](const auto& in) {
        return ops::project_tokens(ops::linear(in[0], in[2]), in[1], segments);
      },
      [&](const auto& in) {
        return ops::linear(ops::project_tokens(in[0], in[1], segments), in[2]);
      },
      {random_f64({76, 6}, 1), random_f64({3, 80}, 2), random_f64({4, 6}, 3)});
}

TEST_CASE("project_tokens: a sequence has the same bits alone and among others") {
  const NoGrad no_grad;
  const Segments segments = segments_of({70, 1, 1100, 3});
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor x = random_tensor({1174, 24}, 1, dtype);
    const Variable projection(random_tensor({5, 1200}, 2, dtype));
    const Tensor all = ops::project_tokens(Variable(x), projection, segments).value();
    for (std::int64_t b = 0; b < segments.size(); ++b) {
      CAPTURE(b);
      const Variable part(clone(x.slice(segments.begin(b), segments.end(b))));
      CHECK(same_bits(
          ops::project_tokens(part, projection, segments_of({segments.length(b)})).value(),
          all.slice(b, b + 1)));
    }
  }
}

TEST_CASE("project_tokens: the same bits at one, two and three threads, gradients included") {
  if (!on_cpu()) {
    return;
  }
  std::vector<std::int32_t> many;
  for (std::int32_t i = 0; i < 200; ++i) {
    many.push_back(1 + i * 37 % 150);
  }
  for (const Case& c : {Case{many, 8, 150, 32}, Case{{5000, 3, 1030}, 8, 5000, 32}}) {
    std::vector<Differentiated> results;
    for (const int count : {1, 2, 3}) {
      const Threads threads(count);
      results.push_back(differentiate(project(c), inputs_of(c)));
    }
    for (const Differentiated& other : results) {
      CHECK(other.value == results[0].value);
      CHECK(other.grads == results[0].grads);
    }
  }
}

TEST_CASE("project_tokens: float32 stays close to float64") {
  const Case c{{70, 1, 1100}, 8, 1100, 32};
  check_float32(project(c), inputs_of(c));
}

TEST_CASE("project_tokens: refuses tokens and projections that do not fit") {
  const auto refused = [](const Shape& x, const Shape& projection) {
    return message_of([&] {
      ops::project_tokens(
          Variable(random_f64(x, 1)), Variable(random_f64(projection, 2)), segments_of({1, 4}));
    });
  };
  CHECK(refused({4, 2}, {3, 4}) == "project_tokens: expected tokens [5, D], got [4, 2]");
  CHECK(refused({5, 2}, {3, 3}) ==
        "project_tokens: expected a projection [k, N] with N at least 4, got [3, 3]");
  CHECK(refused({5, 2}, {12}) ==
        "project_tokens: expected a projection [k, N] with N at least 4, got [12]");
  CHECK(refused({5, 2}, {3, 4}).empty());
}

}  // namespace
}  // namespace elastic::project_tokens_test

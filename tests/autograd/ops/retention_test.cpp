#include "autograd/ops/retention.h"

#include <cmath>

#include "autograd/op_checks.h"

namespace elastic::retention_test {
namespace {

struct Case {
  std::vector<std::int32_t> lengths;
  std::int64_t heads;
  std::int64_t depth;
  std::int64_t width;
  bool rated = true;
  bool led = true;

  [[nodiscard]] std::int64_t tokens() const { return segments_of(lengths).num_tokens(); }
};

// Sizes 1 and odd, an empty segment, past the chunk of 64 tokens and twice that, rows past the
// tiles of 32 and 64 columns; with and without decays.
const std::vector<Case> kCases{{{1}, 1, 1, 1},
                               {{3, 1}, 2, 3, 2},
                               {{5, 0, 2}, 1, 2, 5, true, false},
                               {{64, 65, 1, 200}, 2, 2, 4},
                               {{130}, 1, 33, 70},
                               {{70, 3}, 1, 5, 40, false, false},
                               {{90}, 3, 7, 3, false, true}};

// Rates from none to so large that nothing is left.
Tensor decays(const Case& c, std::uint64_t seed) {
  std::vector<double> numbers = to_doubles(random_f64({c.tokens(), c.heads}, seed));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = 0.3 * std::abs(numbers[i]) * (i % 17 == 16 ? 50.0 : 1.0);
  }
  return make_tensor(numbers, {c.tokens(), c.heads}, DType::kFloat64);
}

std::vector<Tensor> inputs_of(const Case& c) {
  return {random_f64({c.tokens(), c.heads * c.depth}, 1),
          random_f64({c.tokens(), c.heads * c.depth}, 2),
          random_f64({c.tokens(), c.heads * c.width}, 3),
          decays(c, 4),
          decays(c, 5)};
}

ops::RetentionDecay decay_of(const Case& c, const std::vector<Variable>& in) {
  return {c.rated ? in[3] : Variable(), c.led ? in[4] : Variable()};
}

TensorFunction attention(const Case& c) {
  return [c](const auto& in) {
    return ops::retention(in[0], in[1], in[2], decay_of(c, in), segments_of(c.lengths), c.heads);
  };
}

// The rows of a token's head in a tensor [T, heads size].
struct Rows {
  std::vector<double> numbers;
  std::int64_t size;
  std::int64_t heads;
  [[nodiscard]] double* at(std::int64_t token, std::int64_t head) {
    return numbers.data() + (token * heads + head) * size;
  }
};

double product(const double* a, const double* b, std::int64_t size) {
  double sum = 0.0;
  for (std::int64_t j = 0; j < size; ++j) {
    sum += a[j] * b[j];
  }
  return sum;
}

void add(double factor, const double* x, std::int64_t size, double* y) {
  for (std::int64_t j = 0; j < size; ++j) {
    y[j] += factor * x[j];
  }
}

// Value and gradients of the weighted sum, pair by pair.
Differentiated by_pairs(const Case& c, const std::vector<Tensor>& inputs) {
  Rows q{to_doubles(inputs[0]), c.depth, c.heads};
  Rows k{to_doubles(inputs[1]), c.depth, c.heads};
  Rows v{to_doubles(inputs[2]), c.width, c.heads};
  Rows rate{to_doubles(inputs[3]), 1, c.heads};
  Rows lead{to_doubles(inputs[4]), 1, c.heads};
  Rows g{to_doubles(random_f64(inputs[2].shape(), 7)), c.width, c.heads};
  const auto zero = [](Rows rows) {
    std::fill(rows.numbers.begin(), rows.numbers.end(), 0.0);
    return rows;
  };
  Rows out = zero(v);
  Rows dq = zero(q);
  Rows dk = zero(k);
  Rows dv = zero(v);
  Rows drate = zero(rate);
  Rows dlead = zero(lead);
  const Segments segments = segments_of(c.lengths);
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    for (std::int64_t i = segments.begin(b); i < segments.end(b); ++i) {
      for (std::int64_t h = 0; h < c.heads; ++h) {
        double exponent = c.led ? *lead.at(i, h) : 0.0;
        for (std::int64_t j = i; j >= segments.begin(b); --j) {
          const double weight = std::exp(-exponent);
          const double score = product(q.at(i, h), k.at(j, h), c.depth);
          const double grad = weight * product(g.at(i, h), v.at(j, h), c.width);
          add(weight * score, v.at(j, h), c.width, out.at(i, h));
          add(weight * score, g.at(i, h), c.width, dv.at(j, h));
          add(grad, k.at(j, h), c.depth, dq.at(i, h));
          add(grad, q.at(i, h), c.depth, dk.at(j, h));
          *dlead.at(i, h) -= c.led ? grad * score : 0.0;
          for (std::int64_t t = j + 1; t <= i; ++t) {
            *drate.at(t, h) -= c.rated ? grad * score : 0.0;
          }
          exponent += c.rated ? *rate.at(j, h) : 0.0;
        }
      }
    }
  }
  return {out.numbers, {dq.numbers, dk.numbers, dv.numbers, drate.numbers, dlead.numbers}};
}

TEST_CASE("retention: values by hand") {
  const double half = std::log(2.0);
  const Variable query = variable_of({1, 2, 3}, {3, 1});
  const Variable key = variable_of({1, 1, 10}, {3, 1});
  const Variable value = variable_of({4, 8, 100}, {3, 1});
  const Variable rates = variable_of({7, half, 0}, {3, 1});
  const Variable lead = variable_of({0, half, 0}, {3, 1});
  const auto attend = [&](const ops::RetentionDecay& decay) {
    return to_doubles(ops::retention(query, key, value, decay, segments_of({3}), 1).value());
  };
  CHECK(relative_error({4, 24, 3036}, attend({})) < tolerance::kByHand);
  CHECK(relative_error({4, 20, 3030}, attend({rates})) < tolerance::kByHand);
  CHECK(relative_error({4, 10, 3030}, attend({rates, lead})) < tolerance::kByHand);
}

TEST_CASE("retention: value and gradients equal naive sums over pairs") {
  for (std::size_t i = 0; i < kCases.size(); ++i) {
    CAPTURE(i);
    const std::vector<Tensor> inputs = inputs_of(kCases[i]);
    check_close(by_pairs(kCases[i], inputs),
                differentiate(attention(kCases[i]), inputs),
                tolerance::kEqualDeep);
  }
}

TEST_CASE("retention: gradient matches finite differences") {
  for (const std::size_t i : {0, 1, 2, 5}) {
    CAPTURE(i);
    const Case c = i == 5 ? Case{{7, 2}, 1, 2, 3, false, false} : kCases[i];
    check_function(attention(c), inputs_of(c));
  }
}

TEST_CASE("retention: one tensor as query, key and value adds its gradients up") {
  const Segments segments = segments_of({2, 3});
  check_function(
      [&](const auto& in) {
        return ops::retention(in[0], in[0], in[0], {in[1], in[1]}, segments, 2);
      },
      {random_f64({5, 4}, 1), make_tensor(std::vector<double>(10, 0.4), {5, 2}, DType::kFloat64)});
}

TEST_CASE("retention: inputs that need no gradient do not change the others' gradients") {
  const Case c = kCases[3];
  const std::vector<Tensor> inputs = inputs_of(c);
  const Differentiated all = differentiate(attention(c), inputs);
  for (std::size_t only = 0; only < inputs.size(); ++only) {
    CAPTURE(only);
    std::vector<Variable> in;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      in.emplace_back(clone(inputs[i]), i == only);
    }
    backward(weighted_sum(attention(c)(in)));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      REQUIRE(in[i].grad().defined() == (i == only));
    }
    CHECK(to_doubles(in[only].grad()) == all.grads[only]);
  }
}

TEST_CASE(
    "retention: a pause as long as any leaves the tokens before it out, and later ones exact") {
  const Case c{{100}, 1, 3, 4, true, false};
  std::vector<Tensor> inputs = inputs_of(c);
  std::vector<double> rates(100, 1e-3);
  rates[50] = 4e9;
  inputs[3] = make_tensor(rates, {100, 1}, DType::kFloat64);
  check_float32(attention(c), inputs);
  const Differentiated result = differentiate(attention(c), inputs);
  const std::vector<double>& whole = result.value;
  CHECK(result.grads[3][50] == 0.0);
  const Case late{{50}, 1, 3, 4, true, false};
  std::vector<Tensor> rest;
  for (const Tensor& input : inputs) {
    rest.push_back(clone(input.slice(50, 100)));
  }
  CHECK(relative_error(differentiate(attention(late), rest).value,
                       {whole.begin() + 200, whole.end()}) < tolerance::kEqual);
}

TEST_CASE("retention: sums that have decayed become zero, not subnormal numbers") {
  if (!on_cpu()) {
    return;
  }
  const NoGrad no_grad;
  std::vector<double> ones(2000, 0.0);
  ones[0] = 1.0;
  const Variable value(make_tensor(ones, {2000, 1}, DType::kFloat32));
  const Variable query(make_tensor(std::vector<double>(2000, 1.0), {2000, 1}, DType::kFloat32));
  const Variable rates(make_tensor(std::vector<double>(2000, 0.5), {2000, 1}, DType::kFloat32));
  const std::vector<double> out =
      to_doubles(ops::retention(query, query, value, {rates}, segments_of({2000}), 1).value());
  CHECK(out[100] == doctest::Approx(std::exp(-50.0)).epsilon(1e-4));
  CHECK(out.back() == 0.0);
  for (const double number : out) {
    CHECK((number == 0.0 || number > 1e-37));
  }
}

TEST_CASE("retention: a stream cut anywhere gives the results of the whole") {
  const NoGrad no_grad;
  const Case c{{150, 70}, 2, 3, 40};
  const std::vector<Tensor> inputs = inputs_of(c);
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    std::vector<Tensor> in;
    for (const Tensor& input : inputs) {
      in.push_back(make_tensor(to_doubles(input), input.shape(), dtype));
    }
    const auto attend =
        [&](const std::vector<Tensor>& rows, const Segments& segments, const Tensor& state) {
          std::vector<Variable> variables;
          for (const Tensor& tensor : rows) {
            variables.emplace_back(tensor);
          }
          return to_doubles(ops::retention(variables[0],
                                           variables[1],
                                           variables[2],
                                           decay_of(c, variables),
                                           segments,
                                           c.heads,
                                           state)
                                .value());
        };
    const std::vector<double> whole = attend(in, segments_of(c.lengths), Tensor());
    const Tensor state = zeros({2, 2, 3, 40}, DType::kFloat64, test_device());
    std::int64_t first = 0;
    std::int64_t second = 150;
    double worst = 0.0;
    for (const auto& [of_first, of_second] : {std::pair{1, 65}, {66, 1}, {83, 4}}) {
      std::vector<Tensor> part;
      for (const Tensor& tensor : in) {
        std::vector<double> numbers = to_doubles(tensor.slice(first, first + of_first));
        const std::vector<double> more = to_doubles(tensor.slice(second, second + of_second));
        numbers.insert(numbers.end(), more.begin(), more.end());
        part.push_back(make_tensor(numbers, {of_first + of_second, tensor.cols()}, dtype));
      }
      const std::vector<double> got = attend(part, segments_of({of_first, of_second}), state);
      const auto want = [&](std::int64_t begin, std::int64_t count) {
        return std::vector<double>(whole.begin() + begin * 80,
                                   whole.begin() + (begin + count) * 80);
      };
      const auto middle = got.begin() + of_first * std::int64_t{80};
      worst = std::max(worst, relative_error(want(first, of_first), {got.begin(), middle}));
      worst = std::max(worst, relative_error(want(second, of_second), {middle, got.end()}));
      first += of_first;
      second += of_second;
    }
    CHECK(worst < (dtype == DType::kFloat64 ? tolerance::kEqual : tolerance::kFloat32));
  }
}

TEST_CASE("retention: a sequence has the same bits alone and among others") {
  const NoGrad no_grad;
  const Segments segments = segments_of({70, 1, 300, 3});
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor x = random_tensor({374, 24}, 1, dtype);
    const Tensor rates =
        make_tensor(std::vector<double>(std::size_t{374} * 2, 0.125), {374, 2}, dtype);
    const auto attend = [&](const Tensor& rows, const Segments& by) {
      const Variable v(rows);
      const Variable r(clone(rates.slice(0, by.num_tokens())));
      return ops::retention(v, v, v, {r, r}, by, 2).value();
    };
    const Tensor all = attend(x, segments);
    for (std::int64_t b = 0; b < segments.size(); ++b) {
      CAPTURE(b);
      const Tensor part = clone(x.slice(segments.begin(b), segments.end(b)));
      CHECK(same_bits(attend(part, segments_of({segments.length(b)})),
                      all.slice(segments.begin(b), segments.end(b))));
    }
  }
}

TEST_CASE("retention: the same bits at one, two and three threads, gradients included") {
  if (!on_cpu()) {
    return;
  }
  const Case c{{1030, 1, 500, 80}, 2, 16, 70};
  std::vector<Differentiated> results;
  for (const int count : {1, 2, 3}) {
    const Threads threads(count);
    results.push_back(differentiate(attention(c), inputs_of(c)));
  }
  for (const Differentiated& other : results) {
    CHECK(other.value == results[0].value);
    CHECK(other.grads == results[0].grads);
  }
}

TEST_CASE("retention: float32 stays close to float64") {
  for (const std::size_t i : {3, 4, 5}) {
    CAPTURE(i);
    check_float32(attention(kCases[i]), inputs_of(kCases[i]), tolerance::kFloat32Deep);
  }
}

TEST_CASE("retention: refuses rows, heads, decays and states that do not fit") {
  const auto attend = [](const Shape& query,
                         const Shape& value,
                         const Shape& rates,
                         std::int64_t heads,
                         const Tensor& state = {}) {
    return message_of([&] {
      const Variable q(random_f64(query, 1));
      ops::retention(q,
                     q,
                     Variable(random_f64(value, 1)),
                     {Variable(random_f64(rates, 1))},
                     segments_of({2, 1}),
                     heads,
                     state);
    });
  };
  CHECK(attend({3, 4}, {3, 6}, {3, 2}, 2).empty());
  CHECK(attend({2, 4}, {3, 6}, {3, 2}, 2) ==
        "retention: query [2, 4], key [2, 4] and value [3, 6] do not fit 3 tokens");
  CHECK(attend({3, 4}, {3, 5}, {3, 2}, 2) ==
        "retention: 2 heads do not divide query [3, 4] and value [3, 5]");
  CHECK(attend({3, 4}, {3, 6}, {3, 1}, 2) == "retention: rates, expected [3, 2], got [3, 1]");
  CHECK(attend({3, 4}, {3, 6}, {3, 2}, 2, random_f64({2, 2, 2, 2}, 1)) ==
        "retention: state float64 [2, 2, 2, 2], expected float64 [2, 2, 2, 3]");
}

}  // namespace
}  // namespace elastic::retention_test

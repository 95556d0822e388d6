#include "autograd/ops/dispatcher.h"

#include "autograd/op_checks.h"
#include "autograd/ops/basic.h"
#include "autograd/ops/heads.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/segment_attention.h"

namespace elastic {
namespace {

constexpr Dropout kDropout{0.3, 9, 4, 2};

struct Case {
  std::vector<std::int32_t> lengths;
  std::int32_t heads;
  std::int32_t experts;
  std::int64_t dim;

  [[nodiscard]] Segments segments() const { return segments_of(lengths); }
  [[nodiscard]] std::int64_t batch() const { return segments().size(); }
  [[nodiscard]] Segments expert_segments() const {
    return Segments::uniform(batch(), experts, test_device());
  }
  [[nodiscard]] double scale() const { return 1.0 / std::sqrt(static_cast<double>(dim / heads)); }
  [[nodiscard]] Shape absorbed() const { return {batch(), heads, experts, dim}; }
};

// Sizes 1 and odd, single tokens, past the tile of 64 and past the chunk of 1024.
const std::vector<Case> kCases{{{1}, 1, 1, 1},
                               {{1, 1}, 2, 3, 4},
                               {{5, 1, 3}, 1, 2, 3},
                               {{64, 65, 200}, 2, 8, 6},
                               {{1023, 1025, 2}, 1, 3, 4},
                               {{2500}, 2, 1, 4}};

TEST_CASE("dispatcher_aggregate: one token is what every expert gathers") {
  const Variable x = variable_of({1, 3}, {1, 2});
  const Variable query(random_f64({1, 1, 2, 2}, 1));
  const double r = 1.0 / std::sqrt(1.0 + 1e-5);
  const Variable out = ops::dispatcher_aggregate(x, {}, query, segments_of({1}));
  CHECK(relative_error({-r, r, -r, r}, to_doubles(out.value())) < tolerance::kByHand);
}

TEST_CASE("dispatcher_aggregate: a zero query gathers the mean of the normalised tokens") {
  const Tensor x = random_f64({1100, 4}, 1);
  const Variable query(zeros({1, 1, 1, 4}, DType::kFloat64, test_device()));
  const std::vector<double> z = to_doubles(ops::layer_norm(Variable(x), {}).value());
  std::vector<double> mean(4, 0.0);
  for (std::size_t i = 0; i < z.size(); ++i) {
    mean[i % 4] += z[i] / 1100;
  }
  const Variable out = ops::dispatcher_aggregate(Variable(x), {}, query, segments_of({1100}));
  CHECK(relative_error(mean, to_doubles(out.value())) < tolerance::kEqual);
}

TEST_CASE("dispatcher_dispatch: one expert per head hands back its value") {
  const Variable x = variable_of({1, 2, 3, 5}, {2, 2});
  const Variable key(random_f64({1, 2, 1, 2}, 1));
  const Variable value = variable_of({10, 20, 100, 200}, {1, 2, 1, 2});
  const Variable bias = variable_of({0.25, 0.5}, {2});
  const Variable out =
      ops::dispatcher_dispatch(x, {}, key, value, bias, segments_of({2}), Dropout{});
  CHECK(relative_error({111.25, 222.5, 113.25, 225.5}, to_doubles(out.value())) <
        tolerance::kByHand);
}

TensorFunction aggregate(const Segments& segments) {
  return [=](const auto& in) {
    return ops::dispatcher_aggregate(in[0], {in[1], in[2]}, in[3], segments);
  };
}

std::vector<Tensor> aggregate_inputs(const Case& c) {
  return {random_f64({c.segments().num_tokens(), c.dim}, 1),
          random_f64({c.dim}, 2),
          random_f64({c.dim}, 3),
          random_f64(c.absorbed(), 4)};
}

TensorFunction dispatch(const Segments& segments, const Dropout& dropout) {
  return [=](const auto& in) {
    return ops::dispatcher_dispatch(in[0], {in[1], in[2]}, in[3], in[4], in[5], segments, dropout);
  };
}

std::vector<Tensor> dispatch_inputs(const Case& c) {
  std::vector<Tensor> inputs = aggregate_inputs(c);
  inputs.push_back(random_f64(c.absorbed(), 5));
  inputs.push_back(random_f64({c.dim}, 6));
  return inputs;
}

TEST_CASE("dispatcher_aggregate: gradient matches finite differences") {
  const Case c{{1, 4, 2}, 2, 3, 4};
  check_function(aggregate(c.segments()), aggregate_inputs(c));
  check_function(
      [&](const auto& in) { return ops::dispatcher_aggregate(in[0], {}, in[1], c.segments()); },
      {aggregate_inputs(c)[0], aggregate_inputs(c)[3]});
}

TEST_CASE("dispatcher_aggregate: an empty segment gathers zeros and gives no gradient") {
  const Case c{{2, 0, 3}, 1, 2, 3};
  check_function(aggregate(c.segments()), aggregate_inputs(c));
  const Differentiated result = differentiate(aggregate(c.segments()), aggregate_inputs(c));
  for (std::size_t i = 6; i < 12; ++i) {
    CHECK(result.value[i] == 0.0);
    CHECK(result.grads[3][i] == 0.0);
  }
  CHECK(result.value[12] != 0.0);
}

TEST_CASE("dispatcher_dispatch: gradient matches finite differences") {
  const Case c{{1, 4, 2}, 2, 3, 4};
  check_function(dispatch(c.segments(), {}), dispatch_inputs(c));
  check_function(dispatch(c.segments(), kDropout), dispatch_inputs(c));
}

TEST_CASE("dispatcher_dispatch: gradient matches under a norm without parameters") {
  const Case c{{3, 1}, 1, 2, 3};
  const std::vector<Tensor> inputs = dispatch_inputs(c);
  check_function(
      [&](const auto& in) {
        return ops::dispatcher_dispatch(in[0], {}, in[1], in[2], in[3], c.segments(), kDropout);
      },
      {inputs[0], inputs[3], inputs[4], inputs[5]});
}

TEST_CASE("dispatcher_dispatch: a segment without tokens gives its experts no gradient") {
  const Case c{{2, 0, 3}, 1, 2, 3};
  check_function(dispatch(c.segments(), kDropout), dispatch_inputs(c));
}

TEST_CASE("dispatcher: one tensor used by both stages") {
  const Segments segments = segments_of({2, 3});
  check_function(
      [&](const auto& in) {
        const ops::NormVariables norm{in[1], in[2]};
        const Variable pooled = ops::dispatcher_aggregate(in[0], norm, in[3], segments);
        return ops::dispatcher_dispatch(in[0], norm, pooled, pooled, in[1], segments, kDropout);
      },
      aggregate_inputs({{2, 3}, 1, 2, 3}));
}

// The composed forms, with projections of every token.
Variable plain_aggregate(const Case& c, const std::vector<Variable>& in) {
  const Variable z = ops::layer_norm(in[0], {in[1], in[2]});
  const Variable query = ops::reshape(in[3], {c.batch() * c.experts, c.dim});
  const Variable out = ops::segment_attention(query,
                                              ops::linear(z, in[4]),
                                              ops::linear(z, in[5]),
                                              c.expert_segments(),
                                              c.segments(),
                                              {c.heads, false});
  return ops::reshape(out, in[3].shape());
}

Variable absorbed_aggregate(const Case& c, const std::vector<Variable>& in) {
  const Variable query = ops::scale(ops::heads_expand(in[3], in[4], c.heads), c.scale());
  return ops::heads_contract(ops::dispatcher_aggregate(in[0], {in[1], in[2]}, query, c.segments()),
                             in[5]);
}

TEST_CASE("dispatcher_aggregate: absorbed projections equal plain attention") {
  for (std::size_t i = 0; i < kCases.size(); ++i) {
    CAPTURE(i);
    const Case& c = kCases[i];
    check_equal([&](const auto& in) { return plain_aggregate(c, in); },
                [&](const auto& in) { return absorbed_aggregate(c, in); },
                {random_f64({c.segments().num_tokens(), c.dim}, 1),
                 random_f64({c.dim}, 2),
                 random_f64({c.dim}, 3),
                 random_f64({c.batch(), c.experts, c.dim}, 4),
                 random_f64({c.dim, c.dim}, 5),
                 random_f64({c.dim, c.dim}, 6)},
                tolerance::kEqualDeep);
  }
}

Variable plain_dispatch(const Case& c, const std::vector<Variable>& in, const Dropout& dropout) {
  const Variable z = ops::layer_norm(in[0], {in[1], in[2]});
  const Shape rows{c.batch() * c.experts, c.dim};
  const Variable mixed = ops::segment_attention(ops::linear(z, in[4]),
                                                ops::reshape(ops::linear(in[3], in[5]), rows),
                                                ops::reshape(ops::linear(in[3], in[6]), rows),
                                                c.segments(),
                                                c.expert_segments(),
                                                {c.heads, false});
  return ops::linear_residual(mixed, in[7], in[8], in[0], dropout);
}

Variable absorbed_dispatch(const Case& c, const std::vector<Variable>& in, const Dropout& dropout) {
  const Variable key = ops::heads_expand(ops::linear(in[3], in[5]), in[4], c.heads);
  const Variable value =
      ops::heads_expand(ops::linear(in[3], in[6]), ops::transpose(in[7]), c.heads);
  return ops::dispatcher_dispatch(
      in[0], {in[1], in[2]}, ops::scale(key, c.scale()), value, in[8], c.segments(), dropout);
}

TEST_CASE("dispatcher_dispatch: absorbed projections equal plain attention, dropout included") {
  for (std::size_t i = 0; i < kCases.size(); ++i) {
    for (const Dropout& dropout : {Dropout{}, kDropout}) {
      CAPTURE(i);
      CAPTURE(dropout.rate);
      const Case& c = kCases[i];
      std::vector<Tensor> inputs{random_f64({c.segments().num_tokens(), c.dim}, 1),
                                 random_f64({c.dim}, 2),
                                 random_f64({c.dim}, 3),
                                 random_f64({c.batch(), c.experts, c.dim}, 4)};
      for (std::uint64_t seed = 5; seed < 9; ++seed) {
        inputs.push_back(random_f64({c.dim, c.dim}, seed));
      }
      inputs.push_back(random_f64({c.dim}, 9));
      check_equal([&](const auto& in) { return plain_dispatch(c, in, dropout); },
                  [&](const auto& in) { return absorbed_dispatch(c, in, dropout); },
                  inputs,
                  tolerance::kEqualDeep);
    }
  }
}

TEST_CASE("dispatcher: a sequence has the same bits alone and among others") {
  const Case all{{70, 1, 1100, 3}, 2, 4, 8};
  const Tensor x = random_tensor({1174, 8}, 1, DType::kFloat32);
  const Tensor experts = random_tensor({4, 2, 4, 8}, 2, DType::kFloat32);
  const Variable bias(random_tensor({8}, 3, DType::kFloat32));
  const NoGrad no_grad;
  const auto gather = [&](const Tensor& tokens, const Tensor& query, const Segments& segments) {
    return ops::dispatcher_aggregate(Variable(tokens), {}, Variable(query), segments).value();
  };
  const auto hand_back = [&](const Tensor& tokens, const Tensor& key, const Segments& segments) {
    return ops::dispatcher_dispatch(
               Variable(tokens), {}, Variable(key), Variable(key), bias, segments, Dropout{})
        .value();
  };
  const Tensor pooled = gather(x, experts, all.segments());
  const Tensor out = hand_back(x, experts, all.segments());
  for (std::int64_t b = 0; b < 4; ++b) {
    CAPTURE(b);
    const std::int64_t begin = all.segments().begin(b);
    const std::int64_t end = all.segments().end(b);
    const Segments alone = segments_of({all.segments().length(b)});
    const Tensor tokens = x.slice(begin, end);
    CHECK(same_bits(gather(tokens, experts.slice(b, b + 1), alone), pooled.slice(b, b + 1)));
    CHECK(same_bits(hand_back(tokens, experts.slice(b, b + 1), alone), out.slice(begin, end)));
  }
}

TEST_CASE("dispatcher_aggregate: large scores do not overflow") {
  const Tensor x = random_f64({100, 4}, 1);
  const Variable out = ops::dispatcher_aggregate(
      Variable(x), {}, Variable(random_f64({1, 1, 2, 4}, 2, 1e4)), segments_of({100}));
  for (const double value : to_doubles(out.value())) {
    CHECK(std::abs(value) < 3.0);  // one of the normalised tokens
  }
}

TEST_CASE("dispatcher: a token that is not a number makes its result so, in float32 too") {
  std::vector<double> values(3 * 8, 1.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] += static_cast<double>(i % 5);
  }
  values[8] = NAN;  // of the second token
  const Variable x(make_tensor(values, {3, 8}, DType::kFloat32));
  const Variable experts(random_tensor({1, 1, 4, 8}, 1, DType::kFloat32));
  const Variable bias(random_tensor({8}, 2, DType::kFloat32));
  const std::vector<double> out = to_doubles(
      ops::dispatcher_dispatch(x, {}, experts, experts, bias, segments_of({3}), {}).value());
  for (std::size_t i = 0; i < out.size(); ++i) {
    CHECK(std::isnan(out[i]) == (i / 8 == 1));
  }
}

TEST_CASE("dispatcher: float32 stays close to float64") {
  const Case c{{70, 1, 1100}, 2, 4, 16};
  check_float32(aggregate(c.segments()), aggregate_inputs(c), tolerance::kFloat32Deep);
  check_float32(dispatch(c.segments(), kDropout), dispatch_inputs(c), tolerance::kFloat32Deep);
}

TEST_CASE("dispatcher: refuses tokens and experts that do not fit") {
  const auto variable = [](const Shape& shape) { return Variable(random_f64(shape, 1)); };
  const Segments segments = segments_of({2, 1});
  const Variable experts = variable({2, 1, 3, 4});
  CHECK(message_of([&] {
          ops::dispatcher_dispatch(variable({3, 4}), {}, experts, experts, {}, segments, {});
        }) == "dispatcher_dispatch: expected a bias");
  const auto gather = [&](const Shape& x, const Shape& query) {
    return message_of(
        [&] { ops::dispatcher_aggregate(variable(x), {}, variable(query), segments); });
  };
  CHECK(gather({4, 4}, {2, 1, 3, 4}) == "dispatcher_aggregate: expected tokens [3, D], got [4, 4]");
  CHECK(gather({3, 4}, {1, 1, 3, 4}) ==
        "dispatcher_aggregate: expected experts [2, H, k, 4], got [1, 1, 3, 4]");
  CHECK(gather({3, 4}, {2, 3, 4}) ==
        "dispatcher_aggregate: expected experts [2, H, k, 4], got [2, 3, 4]");
  CHECK(gather({3, 4}, {2, 1, 3, 5}) ==
        "dispatcher_aggregate: expected experts [2, H, k, 4], got [2, 1, 3, 5]");
  CHECK(message_of([&] {
          ops::dispatcher_dispatch(variable({3, 4}),
                                   {},
                                   variable({2, 1, 3, 4}),
                                   variable({2, 1, 2, 4}),
                                   variable({4}),
                                   segments,
                                   Dropout{});
        }) == "dispatcher_dispatch: key [2, 1, 3, 4], value [2, 1, 2, 4] and bias [4] do not fit");
  CHECK(message_of([&] {
          ops::dispatcher_dispatch(variable({3, 4}),
                                   {},
                                   variable({2, 1, 3, 4}),
                                   variable({2, 1, 3, 4}),
                                   variable({5}),
                                   segments,
                                   Dropout{});
        }) == "dispatcher_dispatch: key [2, 1, 3, 4], value [2, 1, 3, 4] and bias [5] do not fit");
}

}  // namespace
}  // namespace elastic

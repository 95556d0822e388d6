#include "autograd/ops/dispatch.h"

#include <cmath>

#include "autograd/ops/aggregate.h"
#include "autograd/ops/dispatcher_cases.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/heads.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/segment_attention.h"
#include "autograd/ops/transpose.h"

namespace elastic::dispatch_test {
namespace {

constexpr Dropout kDropout{0.3, 9, 4, 2};

TEST_CASE("dispatcher_dispatch: with one expert per head, tokens read its value") {
  const Variable x = variable_of({1, 2, 3, 5}, {2, 2});
  const Variable key(random_f64({1, 2, 1, 2}, 1));
  const Variable value = variable_of({10, 20, 100, 200}, {1, 2, 1, 2});
  const Variable bias = variable_of({0.25, 0.5}, {2});
  const Variable out =
      ops::dispatcher_dispatch(x, {}, key, value, bias, segments_of({2}), Dropout{});
  CHECK(relative_error({111.25, 222.5, 113.25, 225.5}, to_doubles(out.value())) <
        tolerance::kByHand);
}

TensorFunction dispatch(const Segments& segments, const Dropout& dropout) {
  return [=](const auto& in) {
    return ops::dispatcher_dispatch(in[0], {in[1], in[2]}, in[3], in[4], in[5], segments, dropout);
  };
}

std::vector<Tensor> dispatch_inputs(const DispatcherCase& c) {
  std::vector<Tensor> inputs = aggregate_inputs(c);
  inputs.push_back(random_f64(c.absorbed(), 5));
  inputs.push_back(random_f64({c.dim}, 6));
  return inputs;
}

TEST_CASE("dispatcher_dispatch: gradient matches finite differences") {
  const DispatcherCase c{{1, 4, 2}, 2, 3, 4};
  check_function(dispatch(c.segments(), {}), dispatch_inputs(c));
  check_function(dispatch(c.segments(), kDropout), dispatch_inputs(c));
}

TEST_CASE("dispatcher_dispatch: gradient matches under a norm without parameters") {
  const DispatcherCase c{{3, 1}, 1, 2, 3};
  const std::vector<Tensor> inputs = dispatch_inputs(c);
  check_function(
      [&](const auto& in) {
        return ops::dispatcher_dispatch(in[0], {}, in[1], in[2], in[3], c.segments(), kDropout);
      },
      {inputs[0], inputs[3], inputs[4], inputs[5]});
}

TEST_CASE("dispatcher_dispatch: a segment without tokens gives its experts no gradient") {
  const DispatcherCase c{{2, 0, 3}, 1, 2, 3};
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

Variable plain_dispatch(const DispatcherCase& c,
                        const std::vector<Variable>& in,
                        const Dropout& dropout) {
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

Variable absorbed_dispatch(const DispatcherCase& c,
                           const std::vector<Variable>& in,
                           const Dropout& dropout) {
  const Variable key = ops::heads_expand(ops::linear(in[3], in[5]), in[4], c.heads);
  const Variable value =
      ops::heads_expand(ops::linear(in[3], in[6]), ops::transpose(in[7]), c.heads);
  return ops::dispatcher_dispatch(
      in[0], {in[1], in[2]}, ops::scale(key, c.scale()), value, in[8], c.segments(), dropout);
}

TEST_CASE("dispatcher_dispatch: absorbed projections equal plain attention, dropout included") {
  for (std::size_t i = 0; i < kDispatcherCases.size(); ++i) {
    for (const Dropout& dropout : {Dropout{}, kDropout}) {
      CAPTURE(i);
      CAPTURE(dropout.rate);
      const DispatcherCase& c = kDispatcherCases[i];
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

TEST_CASE("dispatcher_dispatch: a sequence has the same bits alone and among others") {
  const DispatcherCase all{{70, 1, 1100, 3}, 2, 4, 8};
  const Tensor x = random_tensor({1174, 8}, 1, DType::kFloat32);
  const Tensor experts = random_tensor({4, 2, 4, 8}, 2, DType::kFloat32);
  const Variable bias(random_tensor({8}, 3, DType::kFloat32));
  const NoGrad no_grad;
  const auto hand_back = [&](const Tensor& tokens, const Tensor& key, const Segments& segments) {
    return ops::dispatcher_dispatch(
               Variable(tokens), {}, Variable(key), Variable(key), bias, segments, Dropout{})
        .value();
  };
  const Tensor out = hand_back(x, experts, all.segments());
  for (std::int64_t b = 0; b < 4; ++b) {
    CAPTURE(b);
    const std::int64_t begin = all.segments().begin(b);
    const std::int64_t end = all.segments().end(b);
    const Segments alone = segments_of({all.segments().length(b)});
    const Tensor tokens = x.slice(begin, end);
    CHECK(same_bits(hand_back(tokens, experts.slice(b, b + 1), alone), out.slice(begin, end)));
  }
}

TEST_CASE("dispatcher_dispatch: a NaN token has a NaN result, also in float32") {
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

TEST_CASE("dispatcher_dispatch: float32 stays close to float64") {
  const DispatcherCase c{{70, 1, 1100}, 2, 4, 16};
  check_float32(dispatch(c.segments(), kDropout), dispatch_inputs(c), tolerance::kFloat32Deep);
}

TEST_CASE("dispatcher_dispatch: refuses tensors that do not fit") {
  const auto variable = [](const Shape& shape) { return Variable(random_f64(shape, 1)); };
  const Segments segments = segments_of({2, 1});
  const Variable experts = variable({2, 1, 3, 4});
  CHECK(message_of([&] {
          ops::dispatcher_dispatch(variable({3, 4}), {}, experts, experts, {}, segments, {});
        }) == "dispatcher_dispatch: expected a bias");
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
}  // namespace elastic::dispatch_test

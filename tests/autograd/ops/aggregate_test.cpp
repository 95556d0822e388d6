#include "autograd/ops/aggregate.h"

#include "autograd/ops/dispatcher_cases.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/heads.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/segment_attention.h"

namespace elastic::aggregate_test {
namespace {

TEST_CASE("dispatcher_aggregate: every expert gathers the only token") {
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

TensorFunction aggregate(const Segments& segments) {
  return [=](const auto& in) {
    return ops::dispatcher_aggregate(in[0], {in[1], in[2]}, in[3], segments);
  };
}

TEST_CASE("dispatcher_aggregate: gradient matches finite differences") {
  const DispatcherCase c{{1, 4, 2}, 2, 3, 4};
  check_function(aggregate(c.segments()), aggregate_inputs(c));
  check_function(
      [&](const auto& in) { return ops::dispatcher_aggregate(in[0], {}, in[1], c.segments()); },
      {aggregate_inputs(c)[0], aggregate_inputs(c)[3]});
}

TEST_CASE("dispatcher_aggregate: an empty segment gathers zeros and gives no gradient") {
  const DispatcherCase c{{2, 0, 3}, 1, 2, 3};
  check_function(aggregate(c.segments()), aggregate_inputs(c));
  const Differentiated result = differentiate(aggregate(c.segments()), aggregate_inputs(c));
  for (std::size_t i = 6; i < 12; ++i) {
    CHECK(result.value[i] == 0.0);
    CHECK(result.grads[3][i] == 0.0);
  }
  CHECK(result.value[12] != 0.0);
}

// The composed forms, with projections of every token.
Variable plain_aggregate(const DispatcherCase& c, const std::vector<Variable>& in) {
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

Variable absorbed_aggregate(const DispatcherCase& c, const std::vector<Variable>& in) {
  const Variable query = ops::scale(ops::heads_expand(in[3], in[4], c.heads), c.scale());
  return ops::heads_contract(ops::dispatcher_aggregate(in[0], {in[1], in[2]}, query, c.segments()),
                             in[5]);
}

TEST_CASE("dispatcher_aggregate: absorbed projections equal plain attention") {
  for (std::size_t i = 0; i < kDispatcherCases.size(); ++i) {
    CAPTURE(i);
    const DispatcherCase& c = kDispatcherCases[i];
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

TEST_CASE("dispatcher_aggregate: a sequence has the same bits alone and among others") {
  const DispatcherCase all{{70, 1, 1100, 3}, 2, 4, 8};
  const Tensor x = random_tensor({1174, 8}, 1, DType::kFloat32);
  const Tensor experts = random_tensor({4, 2, 4, 8}, 2, DType::kFloat32);
  const NoGrad no_grad;
  const auto gather = [&](const Tensor& tokens, const Tensor& query, const Segments& segments) {
    return ops::dispatcher_aggregate(Variable(tokens), {}, Variable(query), segments).value();
  };
  const Tensor pooled = gather(x, experts, all.segments());
  for (std::int64_t b = 0; b < 4; ++b) {
    CAPTURE(b);
    const std::int64_t begin = all.segments().begin(b);
    const std::int64_t end = all.segments().end(b);
    const Segments alone = segments_of({all.segments().length(b)});
    const Tensor tokens = x.slice(begin, end);
    CHECK(same_bits(gather(tokens, experts.slice(b, b + 1), alone), pooled.slice(b, b + 1)));
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

TEST_CASE("dispatcher_aggregate: float32 stays close to float64") {
  const DispatcherCase c{{70, 1, 1100}, 2, 4, 16};
  check_float32(aggregate(c.segments()), aggregate_inputs(c), tolerance::kFloat32Deep);
}

TEST_CASE("dispatcher_aggregate: refuses tokens and experts that do not fit") {
  const auto variable = [](const Shape& shape) { return Variable(random_f64(shape, 1)); };
  const Segments segments = segments_of({2, 1});
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
}

}  // namespace
}  // namespace elastic::aggregate_test

#include "autograd/ops/pointwise_attention.h"

#include "autograd/op_checks.h"

namespace elastic::pointwise_attention_test {
namespace {

struct Case {
  std::vector<std::int32_t> queries;  ///< lengths: those of the keys, or 1
  std::vector<std::int32_t> keys;
  std::int64_t heads;
  std::int64_t dim;
  bool timed = false;
};

constexpr double kScale = 0.25;
constexpr std::int64_t kBuckets = 32;

std::int64_t longest(const Case& c) {
  return *std::max_element(c.keys.begin(), c.keys.end()) + 2;
}

// Seconds that grow by more and more within a segment; as queries, a little later or earlier.
std::vector<std::int32_t> seconds_of(const Case& c, std::int32_t later) {
  std::vector<std::int32_t> seconds;
  for (const std::int32_t length : c.keys) {
    for (std::int32_t i = 0; i < length; ++i) {
      seconds.push_back(i * i * i % 100'000 + later);
    }
  }
  return seconds;
}

std::vector<Tensor> inputs_of(const Case& c) {
  const std::int64_t queries = segments_of(c.queries).num_tokens();
  const std::int64_t keys = segments_of(c.keys).num_tokens();
  return {random_f64({queries, c.dim}, 1),
          random_f64({keys, c.dim}, 2),
          random_f64({keys, c.dim}, 3),
          random_f64({longest(c)}, 4),
          random_f64({kBuckets}, 5)};
}

TensorFunction attention(const Case& c, std::int32_t later = 3) {
  return [c, later](const auto& in) {
    ops::RelativeBiasVariables bias{in[3]};
    if (c.timed) {
      bias = {in[3], in[4], int_tensor(seconds_of(c, 0)), int_tensor(seconds_of(c, later))};
    }
    return ops::pointwise_attention(
        in[0], in[1], in[2], bias, segments_of(c.queries), segments_of(c.keys), c.heads, kScale);
  };
}

std::size_t bucket_of(std::int32_t seconds) {
  std::size_t bucket = 0;
  for (std::int64_t rest = std::max(seconds, 0) + 1; rest > 1; rest /= 2) {
    ++bucket;
  }
  return bucket;
}

// The same with loops over all pairs, and the gradients of its weighted sum.
Differentiated by_pairs(const Case& c, const std::vector<Tensor>& inputs, std::int32_t later = 3) {
  const Segments queries = segments_of(c.queries);
  const Segments keys = segments_of(c.keys);
  std::vector<std::vector<double>> in;
  Differentiated result;
  for (const Tensor& input : inputs) {
    in.push_back(to_doubles(input));
    result.grads.emplace_back(in.back().size());
  }
  const std::vector<std::int32_t> seconds = seconds_of(c, 0);
  const std::vector<std::int32_t> query_seconds = seconds_of(c, later);
  const std::vector<double> g = to_doubles(random_f64(inputs[0].shape(), 7));
  result.value.resize(g.size());
  const std::int64_t head_dim = c.dim / c.heads;
  for (std::int64_t b = 0; b < queries.size(); ++b) {
    for (std::int32_t i = 0; i < queries.length(b); ++i) {
      const std::int32_t place = keys.length(b) - queries.length(b) + i;
      for (std::int32_t j = 0; j <= place; ++j) {
        const auto distance = static_cast<std::size_t>(place - j);
        const std::size_t bucket =
            bucket_of(query_seconds[static_cast<std::size_t>(keys.begin(b) + place)] -
                      seconds[static_cast<std::size_t>(keys.begin(b) + j)]);
        for (std::int64_t h = 0; h < c.heads; ++h) {
          const auto q = static_cast<std::size_t>((queries.begin(b) + i) * c.dim + h * head_dim);
          const auto k = static_cast<std::size_t>((keys.begin(b) + j) * c.dim + h * head_dim);
          double score = in[3][distance] + (c.timed ? in[4][bucket] : 0.0);
          double grad_weight = 0.0;
          const auto size = static_cast<std::size_t>(head_dim);
          for (std::size_t e = 0; e < size; ++e) {
            score += in[0][q + e] * in[1][k + e];
            grad_weight += g[q + e] * in[2][k + e];
          }
          const double sigma = 1.0 / (1.0 + std::exp(-score));
          const double grad_score = kScale * grad_weight * sigma * (1.0 + score * (1.0 - sigma));
          result.grads[3][distance] += grad_score;
          result.grads[4][bucket] += c.timed ? grad_score : 0.0;
          for (std::size_t e = 0; e < size; ++e) {
            result.value[q + e] += kScale * score * sigma * in[2][k + e];
            result.grads[0][q + e] += grad_score * in[1][k + e];
            result.grads[1][k + e] += grad_score * in[0][q + e];
            result.grads[2][k + e] += kScale * score * sigma * g[q + e];
          }
        }
      }
    }
  }
  return result;
}

TEST_CASE("pointwise_attention: values by hand") {
  // The second token scores 2 for the first key and 1 for itself, without biases of 0.
  const Variable query = variable_of({7, 1}, {2, 1});
  const Variable key = variable_of({2, 1}, {2, 1});
  const Variable value = variable_of({10, 100}, {2, 1});
  const Variable out = ops::pointwise_attention(
      query, key, value, {variable_of({0, 0}, {2})}, segments_of({2}), segments_of({2}), 1, 0.5);
  const auto silu = [](double x) { return x / (1.0 + std::exp(-x)); };
  CHECK(to_doubles(out.value())[0] == doctest::Approx(0.5 * silu(14.0) * 10.0));
  CHECK(to_doubles(out.value())[1] ==
        doctest::Approx(0.5 * (silu(2.0) * 10.0 + silu(1.0) * 100.0)));
}

TEST_CASE("pointwise_attention: equals loops over all pairs, also past the tiles") {
  std::vector<Case> cases{{{1}, {1}, 1, 1},
                          {{3, 1, 5}, {3, 1, 5}, 3, 6},
                          {{1, 1, 1}, {3, 1, 70}, 2, 4},
                          {{65, 1, 130}, {65, 1, 130}, 2, 6}};
  if (!test_is_brief()) {
    cases.push_back({{300, 64}, {300, 64}, 4, 8});
    cases.push_back({{1, 1, 1}, {300, 64, 65}, 1, 5});
  }
  for (Case c : cases) {
    for (const bool timed : {false, true}) {
      c.timed = timed;
      CAPTURE(c.keys.front());
      CAPTURE(timed);
      for (const std::int32_t later : {3, -40}) {
        const std::vector<Tensor> inputs = inputs_of(c);
        check_close(by_pairs(c, inputs, later),
                    differentiate(attention(c, later), inputs),
                    tolerance::kEqual);
      }
    }
  }
}

TEST_CASE("pointwise_attention: gradients match finite differences") {
  for (const Case& c : {Case{{3, 1, 5}, {3, 1, 5}, 2, 4, true}, Case{{1, 1}, {3, 4}, 1, 3, true}}) {
    CAPTURE(c.keys.front());
    check_function(attention(c), inputs_of(c));
  }
}

TEST_CASE("pointwise_attention: float32 stays close to float64") {
  const Case c{{20, 1, 70}, {20, 1, 70}, 2, 8, true};
  check_float32(attention(c), inputs_of(c), tolerance::kFloat32Deep);
}

TEST_CASE(
    "pointwise_attention: a sequence has the same bits in any batch and at any thread count") {
  const NoGrad no_grad;
  const Case c{{9, 66, 3}, {9, 66, 3}, 2, 8, true};
  std::vector<Variable> in;
  for (const Tensor& input : inputs_of(c)) {
    in.emplace_back(make_tensor(to_doubles(input), input.shape(), DType::kFloat32));
  }
  const Tensor all = attention(c)(in).value();
  {
    const Threads one(1);
    CHECK(same_bits(attention(c)(in).value(), all));
  }
  std::vector<Variable> part = in;
  for (std::size_t i = 0; i < 3; ++i) {
    part[i] = Variable(clone(in[i].value().slice(9, 75)));
  }
  const Case alone{{66}, {66}, 2, 8, true};
  CHECK(same_bits(attention(alone)(part).value(), all.slice(9, 75)));
}

TEST_CASE("pointwise_attention: shapes that do not fit are refused") {
  const Case c{{3}, {3}, 2, 4, true};
  std::vector<Tensor> inputs = inputs_of(c);
  const auto message = [&] { return message_of([&] { differentiate(attention(c), inputs); }); };
  inputs[3] = random_f64({2}, 4);
  CHECK(message() == "pointwise_attention: expected a bias for each of 3 distances, got [2]");
  inputs[3] = random_f64({3}, 4);
  inputs[4] = random_f64({31}, 4);
  CHECK(message() ==
        "pointwise_attention: expected biases of 32 buckets and the seconds of 3 tokens");
}

}  // namespace
}  // namespace elastic::pointwise_attention_test

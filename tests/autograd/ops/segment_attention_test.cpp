#include "autograd/ops/segment_attention.h"

#include <numeric>

#include "autograd/op_checks.h"

namespace elastic::segment_attention_test {
namespace {

struct Case {
  std::vector<std::int32_t> queries;
  std::vector<std::int32_t> keys;
  std::int64_t heads;
  std::int64_t dim;
  bool causal;
  std::int64_t window = 0;
};

TensorFunction attention(const Case& c) {
  return [c](const auto& in) {
    return ops::segment_attention(in[0],
                                  in[1],
                                  in[2],
                                  segments_of(c.queries),
                                  segments_of(c.keys),
                                  {c.heads, c.causal, c.window});
  };
}

std::vector<Tensor> inputs_of(const Case& c) {
  const std::int64_t queries = segments_of(c.queries).num_tokens();
  const std::int64_t keys = segments_of(c.keys).num_tokens();
  return {
      random_f64({queries, c.dim}, 1), random_f64({keys, c.dim}, 2), random_f64({keys, c.dim}, 3)};
}

double dot(const double* a, const double* b, std::size_t size) {
  return std::inner_product(a, a + size, b, 0.0);
}

// Attention and the gradients of its weighted sum, with explicit maps.
Differentiated naive(const Case& c, const std::vector<Tensor>& inputs) {
  const Segments queries = segments_of(c.queries);
  const Segments keys = segments_of(c.keys);
  const std::vector<double> q = to_doubles(inputs[0]);
  const std::vector<double> k = to_doubles(inputs[1]);
  const std::vector<double> v = to_doubles(inputs[2]);
  const std::vector<double> g = to_doubles(random_f64(inputs[0].shape(), 7));
  const std::int64_t head_dim = c.dim / c.heads;
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_dim));
  Differentiated result{std::vector<double>(q.size()),
                        {std::vector<double>(q.size()),
                         std::vector<double>(k.size()),
                         std::vector<double>(v.size())}};
  for (std::int64_t b = 0; b < queries.size(); ++b) {
    for (std::int64_t h = 0; h < c.heads; ++h) {
      for (std::int32_t i = queries.begin(b); i < queries.end(b); ++i) {
        const std::int32_t end =
            keys.begin(b) + (c.causal ? i - queries.begin(b) + 1 : keys.length(b));
        const std::int32_t first =
            c.window > 0 ? std::max(keys.begin(b), end - 1 - static_cast<std::int32_t>(c.window))
                         : keys.begin(b);
        const auto qi = static_cast<std::size_t>(i * c.dim + h * head_dim);
        const auto d = static_cast<std::size_t>(head_dim);
        std::vector<double> probs;
        double total = 0.0;
        for (std::int32_t j = first; j < end; ++j) {
          const auto kj = static_cast<std::size_t>(j * c.dim + h * head_dim);
          probs.push_back(std::exp(dot(&q[qi], &k[kj], d) * scale));
          total += probs.back();
        }
        double mean = 0.0;  // sum_j p_j (g . v_j)
        for (std::size_t j = 0; j < probs.size(); ++j) {
          probs[j] /= total;
          const auto kj = static_cast<std::size_t>(first * c.dim + h * head_dim) +
                          j * static_cast<std::size_t>(c.dim);
          for (std::size_t e = 0; e < d; ++e) {
            result.value[qi + e] += probs[j] * v[kj + e];
            mean += probs[j] * g[qi + e] * v[kj + e];
          }
        }
        for (std::size_t j = 0; j < probs.size(); ++j) {
          const auto kj = static_cast<std::size_t>(first * c.dim + h * head_dim) +
                          j * static_cast<std::size_t>(c.dim);
          const double grad_score = scale * probs[j] * (dot(&g[qi], &v[kj], d) - mean);
          for (std::size_t e = 0; e < d; ++e) {
            result.grads[0][qi + e] += grad_score * k[kj + e];
            result.grads[1][kj + e] += grad_score * q[qi + e];
            result.grads[2][kj + e] += probs[j] * g[qi + e];
          }
        }
      }
    }
  }
  return result;
}

TEST_CASE("segment_attention: values by hand") {
  // Scores 0 and log 3 with a head of one feature: the second key weighs three times the first.
  const Variable query = variable_of({1}, {1, 1});
  const Variable key = variable_of({0, std::log(3.0)}, {2, 1});
  const Variable value = variable_of({4, 8}, {2, 1});
  const Variable out =
      ops::segment_attention(query, key, value, segments_of({1}), segments_of({2}), {1, false});
  CHECK(to_doubles(out.value())[0] == doctest::Approx(7.0));
}

TEST_CASE("segment_attention: equals explicit maps, also past the tiles") {
  const std::vector<Case> cases{
      {{1}, {1}, 1, 1, false},
      {{1, 1, 1}, {1, 1, 1}, 2, 4, true},
      {{3, 1, 5}, {2, 7, 1}, 3, 6, false},
      {{3, 1, 5}, {3, 1, 5}, 1, 3, true},
      {{2, 3, 1}, {4, 0, 2}, 2, 4, false},
      {{8, 8}, {300, 70}, 2, 6, false},
      {{1, 1}, {257, 64}, 1, 5, false},
      {{65, 300}, {64, 3}, 2, 4, false},
      {{65, 1, 130, 257}, {65, 1, 130, 257}, 2, 6, true},
      {{130, 64}, {130, 64}, 4, 8, false},
      {{65, 1, 130, 257}, {65, 1, 130, 257}, 2, 6, true, 1},
      {{5, 200, 64}, {5, 200, 64}, 1, 3, true, 7},
      {{65, 1, 330}, {65, 1, 330}, 2, 6, true, 64},
      {{700, 2}, {700, 2}, 1, 4, true, 300},
      {{65, 130}, {65, 130}, 2, 6, true, 131},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    const std::vector<Tensor> inputs = inputs_of(cases[i]);
    check_close(
        naive(cases[i], inputs), differentiate(attention(cases[i]), inputs), tolerance::kEqual);
  }
}

TEST_CASE("segment_attention: gradient matches finite differences") {
  for (const bool causal : {false, true}) {
    const Case c{{1, 4, 3}, {1, 4, 3}, 2, 4, causal};
    check_function(attention(c), inputs_of(c));
  }
  for (const std::int64_t window : {1, 2, 9}) {
    const Case c{{1, 6, 3}, {1, 6, 3}, 2, 4, true, window};
    check_function(attention(c), inputs_of(c));
  }
  const Case empty_keys{{2, 1, 2}, {3, 0, 1}, 1, 3, false};
  check_function(attention(empty_keys), inputs_of(empty_keys));
}

TEST_CASE("segment_attention: a query without keys gets zeros and gives no gradient") {
  const Case c{{2, 1}, {0, 3}, 2, 4, false};
  const Differentiated result = differentiate(attention(c), inputs_of(c));
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(result.value[i] == 0.0);
    CHECK(result.grads[0][i] == 0.0);
  }
  CHECK(result.value[8] != 0.0);
}

TEST_CASE("segment_attention: no keys in the whole batch") {
  const Case c{{2, 1}, {0, 0}, 1, 2, false};
  const Differentiated result = differentiate(attention(c), inputs_of(c));
  CHECK(result.value == std::vector<double>(6, 0.0));
  CHECK(result.grads[0] == std::vector<double>(6, 0.0));
}

TEST_CASE("segment_attention: one tensor as query, key and value") {
  for (const bool causal : {false, true}) {
    check_function(
        [=](const auto& in) {
          const Segments segments = segments_of({2, 3});
          return ops::segment_attention(in[0], in[0], in[0], segments, segments, {1, causal});
        },
        {random_f64({5, 3}, 1)});
  }
}

TEST_CASE("segment_attention: large scores do not overflow") {
  const Variable query = variable_of({1000, -1000}, {2, 1});
  const Variable key = variable_of({1000, -1000, 999}, {3, 1});
  const Variable value = variable_of({1, 2, 3}, {3, 1});
  const Variable out =
      ops::segment_attention(query, key, value, segments_of({2}), segments_of({3}), {1, false});
  CHECK(to_doubles(out.value()) == std::vector<double>{1, 2});
}

TEST_CASE("segment_attention: a segment has the same bits alone and among others") {
  const Case all{{70, 3, 130}, {70, 3, 130}, 2, 8, true};
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor x = random_tensor({203, 8}, 1, dtype);
    const NoGrad no_grad;
    const Variable out = attention(all)({Variable(x), Variable(x), Variable(x)});
    std::int64_t begin = 0;
    for (const std::int32_t length : all.queries) {
      const Variable part(x.slice(begin, begin + length));
      const Case alone{{length}, {length}, 2, 8, true};
      CHECK(same_bits(attention(alone)({part, part, part}).value(),
                      out.value().slice(begin, begin + length)));
      begin += length;
    }
  }
}

// The number of queries in a tile determines the scores in the remainder of a vector loop.
TEST_CASE("segment_attention: a causal prefix has the same bits as within the whole") {
  const NoGrad no_grad;
  for (const std::int64_t window : {0, 7, 80}) {
    const auto attend = [&](const Tensor& x) {
      const Segments segments = segments_of({static_cast<std::int32_t>(x.rows())});
      const Variable in(x);
      return ops::segment_attention(in, in, in, segments, segments, {2, true, window}).value();
    };
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      const Tensor x = random_tensor({150, 8}, 1, dtype);
      const Tensor all = attend(x);
      for (std::int64_t length = 1; length < 150; ++length) {
        CAPTURE(window);
        CAPTURE(length);
        CHECK(same_bits(attend(x.slice(0, length)), all.slice(0, length)));
      }
    }
  }
}

TEST_CASE("segment_attention: a window past the segment equals none") {
  const Case windowed{{70, 1, 65}, {70, 1, 65}, 2, 4, true, 70};
  const Case whole{{70, 1, 65}, {70, 1, 65}, 2, 4, true};
  const Differentiated a = differentiate(attention(windowed), inputs_of(whole));
  const Differentiated b = differentiate(attention(whole), inputs_of(whole));
  CHECK(a.value == b.value);
  CHECK(a.grads == b.grads);
}

TEST_CASE("segment_attention: tokens before the window have no effect") {
  const Case c{{150}, {150}, 1, 4, true, 10};
  std::vector<Tensor> inputs = inputs_of(c);
  const Differentiated before = differentiate(attention(c), inputs);
  std::vector<double> keys = to_doubles(inputs[1]);
  keys[0] = 1e30;  // of the first token
  inputs[1] = tensor_of(keys, inputs[1].shape());
  const Differentiated after = differentiate(attention(c), inputs);
  CHECK(
      std::equal(before.value.begin() + 11 * 4, before.value.end(), after.value.begin() + 11 * 4));
  CHECK(before.value[10 * 4] != after.value[10 * 4]);
}

TEST_CASE("segment_attention: float32 stays close to float64") {
  const Case windowed{{70, 130, 1}, {70, 130, 1}, 2, 16, true, 20};
  check_float32(attention(windowed), inputs_of(windowed), tolerance::kFloat32Deep);
  const Case c{{70, 130, 1}, {70, 130, 1}, 2, 16, true};
  check_float32(attention(c), inputs_of(c), tolerance::kFloat32Deep);
  const Case crossed{{8, 8}, {300, 5}, 2, 16, false};
  check_float32(attention(crossed), inputs_of(crossed), tolerance::kFloat32Deep);
}

TEST_CASE("segment_attention: refuses shapes, segments and heads that do not fit") {
  const auto call = [](const Shape& q,
                       const Shape& k,
                       const Shape& v,
                       const Segments& queries,
                       const Segments& keys,
                       const ops::AttentionShape& shape) {
    return message_of([&] {
      ops::segment_attention(Variable(random_f64(q, 1)),
                             Variable(random_f64(k, 1)),
                             Variable(random_f64(v, 1)),
                             queries,
                             keys,
                             shape);
    });
  };
  const Segments two = segments_of({2, 1});
  const Segments other = segments_of({1, 2});
  CHECK(call({3, 4}, {3, 5}, {3, 5}, two, two, {1, false}) ==
        "segment_attention: query [3, 4], key [3, 5] and value [3, 5] do not fit");
  CHECK(call({3, 4}, {3, 4}, {2, 4}, two, two, {1, false}) ==
        "segment_attention: query [3, 4], key [3, 4] and value [2, 4] do not fit");
  CHECK(call({4, 4}, {3, 4}, {3, 4}, two, two, {1, false}) ==
        "segment_attention: the segments do not fit query [4, 4] and key [3, 4]");
  CHECK(call({3, 4}, {3, 4}, {3, 4}, two, segments_of({3}), {1, false}) ==
        "segment_attention: the segments do not fit query [3, 4] and key [3, 4]");
  CHECK(call({3, 4}, {3, 4}, {3, 4}, two, other, {1, true}) ==
        "segment_attention: the segments do not fit query [3, 4] and key [3, 4]");
  CHECK(call({3, 4}, {3, 4}, {3, 4}, two, two, {3, false}) ==
        "segment_attention: 3 heads do not divide [3, 4]");
  CHECK(call({3, 4}, {3, 4}, {3, 4}, two, two, {1, false, 2}) ==
        "segment_attention: expected a window of 0 or more, and 0 unless causal, got 2");
  CHECK(call({3, 4}, {3, 4}, {3, 4}, two, two, {1, true, -1}) ==
        "segment_attention: expected a window of 0 or more, and 0 unless causal, got -1");
}

}  // namespace
}  // namespace elastic::segment_attention_test

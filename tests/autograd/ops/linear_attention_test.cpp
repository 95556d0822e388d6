#include "autograd/ops/linear_attention.h"

#include "autograd/op_checks.h"

namespace elastic::linear_attention_test {
namespace {

struct Case {
  std::vector<std::int32_t> queries;
  std::vector<std::int32_t> keys;
  std::int64_t heads;
  std::int64_t dim;
};

// Sizes 1 and odd, heads past a tile of 64, single and no tokens, past the tile of 64 tokens, the
// CUDA chunk of 256 and the chunk of 1024; as many queries as keys, and one each.
const std::vector<Case> kCases{{{1}, {1}, 1, 1},
                               {{5, 1, 3}, {5, 1, 3}, 3, 9},
                               {{64, 65, 200}, {64, 65, 200}, 2, 32},
                               {{1, 1, 1}, {70, 1, 300}, 2, 12},
                               {{2, 0, 3, 1}, {0, 4, 3, 0}, 2, 6},
                               {{3, 40}, {7, 2}, 1, 70},
                               {{30}, {40}, 2, 200},
                               {{1030, 2, 2100}, {1025, 3, 2050}, 2, 8}};

TensorFunction attention(const Case& c) {
  return [c, queries = segments_of(c.queries), keys = segments_of(c.keys)](const auto& in) {
    return ops::linear_attention(in[0], in[1], in[2], queries, keys, c.heads);
  };
}

std::vector<Tensor> inputs_of(const Case& c) {
  const std::int64_t queries = segments_of(c.queries).num_tokens();
  const std::int64_t keys = segments_of(c.keys).num_tokens();
  return {
      random_f64({queries, c.dim}, 1), random_f64({keys, c.dim}, 2), random_f64({keys, c.dim}, 3)};
}

// out_t = sum over keys s of (query_t . key_s) value_s, pair by pair: the sum that the context
// factorises.
std::vector<double> naive(const Case& c, const std::vector<Tensor>& in) {
  const std::vector<double> query = to_doubles(in[0]);
  const std::vector<double> key = to_doubles(in[1]);
  const std::vector<double> value = to_doubles(in[2]);
  const Segments queries = segments_of(c.queries);
  const Segments keys = segments_of(c.keys);
  const std::int64_t head_dim = c.dim / c.heads;
  std::vector<double> out(query.size(), 0.0);
  for (std::int64_t b = 0; b < queries.size(); ++b) {
    for (std::int64_t t = queries.begin(b); t < queries.end(b); ++t) {
      for (std::int64_t s = keys.begin(b); s < keys.end(b); ++s) {
        for (std::int64_t h = 0; h < c.heads; ++h) {
          const auto q = static_cast<std::size_t>(t * c.dim + h * head_dim);
          const auto k = static_cast<std::size_t>(s * c.dim + h * head_dim);
          double score = 0.0;
          for (std::size_t j = 0; j < static_cast<std::size_t>(head_dim); ++j) {
            score += query[q + j] * key[k + j];
          }
          for (std::size_t j = 0; j < static_cast<std::size_t>(head_dim); ++j) {
            out[q + j] += score * value[k + j];
          }
        }
      }
    }
  }
  return out;
}

TEST_CASE("linear_attention: values by hand") {
  const Variable query = variable_of({1, 2, 3, 4}, {1, 4});
  const Variable key = variable_of({1, 0, 2, 1, 0, 1, 1, 3}, {2, 4});
  const Variable value = variable_of({10, 20, 1, 2, 30, 40, 3, 4}, {2, 4});
  const Variable out =
      ops::linear_attention(query, key, value, segments_of({1}), segments_of({2}), 2);
  // Head 0: scores 1 and 2; head 1: 10 and 15.
  CHECK(relative_error({70, 100, 55, 80}, to_doubles(out.value())) < tolerance::kByHand);
}

TEST_CASE("linear_attention: equals the naive sum over pairs") {
  for (std::size_t i = 0; i < kCases.size(); ++i) {
    CAPTURE(i);
    const std::vector<Tensor> inputs = inputs_of(kCases[i]);
    const Differentiated got = differentiate(attention(kCases[i]), inputs);
    CHECK(relative_error(naive(kCases[i], inputs), got.value) < tolerance::kEqualDeep);
  }
}

// The op is linear in each input: <g, dOut/dkey key> = <g, out>, for query and value too, and the
// gradients of the naive form by its symmetry: dL/dquery attends with g to value and key, and so
// on.
TEST_CASE("linear_attention: gradients equal naive sums") {
  for (std::size_t i = 0; i < kCases.size(); ++i) {
    CAPTURE(i);
    const Case& c = kCases[i];
    const std::vector<Tensor> in = inputs_of(c);
    const Differentiated got = differentiate(attention(c), in);
    const Tensor grad =
        make_tensor(differentiate([](const auto& x) { return x[0]; }, {in[0]}).grads[0],
                    in[0].shape(),
                    DType::kFloat64);
    const Case swapped{c.keys, c.queries, c.heads, c.dim};
    CHECK(relative_error(naive(c, {grad, in[2], in[1]}), got.grads[0]) < tolerance::kEqualDeep);
    CHECK(relative_error(naive(swapped, {in[2], grad, in[0]}), got.grads[1]) <
          tolerance::kEqualDeep);
    CHECK(relative_error(naive(swapped, {in[1], in[0], grad}), got.grads[2]) <
          tolerance::kEqualDeep);
  }
}

TEST_CASE("linear_attention: gradient matches finite differences") {
  for (const Case& c : {kCases[0], kCases[1], Case{{1, 1}, {3, 2}, 1, 2}, kCases[4]}) {
    check_function(attention(c), inputs_of(c));
  }
}

TEST_CASE("linear_attention: one tensor as query, key and value adds its gradients up") {
  const Segments segments = segments_of({2, 3});
  check_function(
      [&](const auto& in) {
        return ops::linear_attention(in[0], in[0], in[0], segments, segments, 2);
      },
      {random_f64({5, 4}, 1)});
}

TEST_CASE("linear_attention: a sequence has the same bits alone and among others") {
  const NoGrad no_grad;
  const Segments segments = segments_of({70, 1, 1100, 3});
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor x = random_tensor({1174, 24}, 1, dtype);
    const auto attend = [](const Tensor& rows, const Segments& by) {
      const Variable v(rows);
      return ops::linear_attention(v, v, v, by, by, 2).value();
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

TEST_CASE("linear_attention: the same bits at one, two and three threads, gradients included") {
  if (!on_cpu()) {
    return;
  }
  const Case c{{1030, 1, 5000, 80}, {1030, 1, 5000, 80}, 2, 32};
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

TEST_CASE("linear_attention: float32 stays close to float64") {
  const Case c{{70, 1, 1100}, {70, 1, 1100}, 2, 32};
  check_float32(attention(c), inputs_of(c));
}

TEST_CASE("linear_attention: refuses rows, segments and heads that do not fit") {
  const auto attend = [](const Shape& query,
                         const Shape& key,
                         const Shape& value,
                         const std::vector<std::int32_t>& queries,
                         std::int64_t heads) {
    return message_of([&] {
      ops::linear_attention(Variable(random_f64(query, 1)),
                            Variable(random_f64(key, 1)),
                            Variable(random_f64(value, 1)),
                            segments_of(queries),
                            segments_of({2, 1}),
                            heads);
    });
  };
  CHECK(attend({3, 4}, {3, 4}, {3, 5}, {2, 1}, 2) ==
        "linear_attention: query [3, 4], key [3, 4] and value [3, 5] do not fit");
  CHECK(attend({3, 2}, {3, 4}, {3, 4}, {2, 1}, 2) ==
        "linear_attention: query [3, 2], key [3, 4] and value [3, 4] do not fit");
  CHECK(attend({2, 4}, {3, 4}, {3, 4}, {2}, 2) ==
        "linear_attention: the segments do not fit query [2, 4] and key [3, 4]");
  CHECK(attend({3, 4}, {3, 4}, {3, 4}, {2, 2}, 2) ==
        "linear_attention: the segments do not fit query [3, 4] and key [3, 4]");
  CHECK(attend({3, 4}, {3, 4}, {3, 4}, {2, 1}, 3) ==
        "linear_attention: 3 heads do not divide [3, 4]");
  CHECK(attend({3, 4}, {3, 4}, {3, 4}, {2, 1}, 2).empty());
}

}  // namespace
}  // namespace elastic::linear_attention_test

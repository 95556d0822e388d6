#include "autograd/ops/join_experts.h"

#include <cmath>

#include "autograd/op_checks.h"

namespace elastic::join_experts_test {
namespace {

struct Case {
  std::int64_t tokens;
  std::int64_t heads;
  std::int64_t head_dim;
  std::int64_t pool;
  std::int64_t experts;
};

// Sizes 1 and odd, heads beyond a warp, more experts than the pool has, tiles' ends.
const std::vector<Case> kCases{{1, 1, 1, 1, 1},
                               {3, 2, 3, 4, 5},
                               {5, 3, 2, 7, 9},
                               {2, 1, 33, 9, 8},
                               {4, 2, 70, 5, 3},
                               {65, 2, 4, 16, 8},
                               {3, 1, 8, 2, 40}};
// Experts that many tokens share: sums over pieces, rows on a piece's bound and across several.
const std::vector<Case> kShared{{700, 2, 4, 3, 5}, {1300, 1, 6, 40, 2}, {600, 2, 3, 1, 3}};

Tensor indices_of(const Case& c) {
  return tensor_of(random_ids(c.tokens * c.experts, 0, static_cast<std::int32_t>(c.pool) - 1, 7),
                   {c.tokens, c.experts});
}

// out, log_sum, query, table, gates
std::vector<Tensor> inputs_of(const Case& c) {
  const std::int64_t dim = c.heads * c.head_dim;
  return {random_f64({c.tokens, dim}, 1),
          random_f64({c.tokens, c.heads}, 2),
          random_f64({c.tokens, dim}, 3),
          random_f64({c.pool, dim}, 4),
          random_f64({c.tokens, c.experts}, 5)};
}

TensorFunction join(const Case& c) {
  return [c, indices = indices_of(c)](const auto& in) {
    return ops::join_experts(in[0], in[1], in[2], in[3], indices, in[4]);
  };
}

std::vector<double> naive(const Case& c, const std::vector<Tensor>& inputs) {
  const std::vector<double> out = to_doubles(inputs[0]);
  const std::vector<double> log_sum = to_doubles(inputs[1]);
  const std::vector<double> query = to_doubles(inputs[2]);
  const std::vector<double> table = to_doubles(inputs[3]);
  const std::vector<double> gates = to_doubles(inputs[4]);
  const std::vector<std::int32_t> ids = indices_of(c).to_vector<std::int32_t>();
  const auto dim = static_cast<std::size_t>(c.heads * c.head_dim);
  const auto head_dim = static_cast<std::size_t>(c.head_dim);
  const auto experts = static_cast<std::size_t>(c.experts);
  std::vector<double> joined(out.size());
  for (std::size_t head = 0; head < log_sum.size(); ++head) {
    const std::size_t t = head / static_cast<std::size_t>(c.heads);
    const std::size_t columns = head % static_cast<std::size_t>(c.heads) * head_dim;
    const std::size_t at = t * dim + columns;
    double sum = std::exp(log_sum[head]);
    std::vector<double> total(head_dim);
    for (std::size_t j = 0; j < head_dim; ++j) {
      total[j] = sum * out[at + j];
    }
    for (std::size_t i = t * experts; i < (t + 1) * experts; ++i) {
      const std::size_t row = static_cast<std::size_t>(ids[i]) * dim + columns;
      double score = 0.0;
      for (std::size_t j = 0; j < head_dim; ++j) {
        score += query[at + j] * gates[i] * table[row + j];
      }
      sum += std::exp(score);
      for (std::size_t j = 0; j < head_dim; ++j) {
        total[j] += std::exp(score) * gates[i] * table[row + j];
      }
    }
    for (std::size_t j = 0; j < head_dim; ++j) {
      joined[at + j] = total[j] / sum;
    }
  }
  return joined;
}

TEST_CASE("join_experts: equals one softmax over all, in plain loops") {
  for (const std::vector<Case>& cases : {kCases, kShared}) {
    for (std::size_t i = 0; i < cases.size(); ++i) {
      CAPTURE(i);
      const std::vector<Tensor> inputs = inputs_of(cases[i]);
      const std::vector<Variable> variables(inputs.begin(), inputs.end());
      CHECK(relative_error(naive(cases[i], inputs), to_doubles(join(cases[i])(variables).value())) <
            tolerance::kEqual);
    }
  }
}

TEST_CASE("join_experts: gradient matches finite differences") {
  for (std::size_t i = 0; i < kCases.size(); ++i) {
    CAPTURE(i);
    check_function(join(kCases[i]), inputs_of(kCases[i]));
  }
}

TEST_CASE("join_experts: gradient along random directions where many tokens share an expert") {
  for (std::size_t i = 0; i < kShared.size(); ++i) {
    CAPTURE(i);
    check_directions(join(kShared[i]), inputs_of(kShared[i]));
  }
}

TEST_CASE("join_experts: an expert with weight 0 or 1") {
  const Variable out = variable_of({1.0, 2.0}, {1, 2});
  const Variable query = variable_of({1000.0, 0.0}, {1, 2});
  const Variable table = variable_of({-1.0, 5.0, 1.0, 7.0}, {2, 2});
  const Variable gate = variable_of({1.0}, {1, 1});
  const auto joined = [&](double log_sum, std::int32_t id) {
    return to_doubles(ops::join_experts(out,
                                        variable_of({log_sum}, {1, 1}),
                                        query,
                                        table,
                                        tensor_of(std::vector<std::int32_t>{id}, {1, 1}),
                                        gate)
                          .value());
  };
  CHECK(joined(0.0, 0) == std::vector<double>{1.0, 2.0});
  CHECK(joined(0.0, 1) == std::vector<double>{1.0, 7.0});
  CHECK(joined(1000.0, 1) == std::vector<double>{1.0, 4.5});
}

TEST_CASE("join_experts: float32 stays close to float64") {
  for (const Case& c : kCases) {
    check_float32(join(c), inputs_of(c), tolerance::kFloat32Deep);
  }
  const Case c{300, 2, 32, 64, 8};
  check_float32(join(c), inputs_of(c), tolerance::kFloat32Deep);
}

TEST_CASE("join_experts: the same bits at one, two and three threads") {
  if (!on_cpu()) {
    return;
  }
  const Case c{5000, 2, 16, 9, 8};
  std::vector<Tensor> inputs;
  for (const Tensor& input : inputs_of(c)) {
    inputs.push_back(make_tensor(to_doubles(input), input.shape(), DType::kFloat32));
  }
  const auto run = [&](int count) {
    const Threads threads(count);
    return differentiate(join(c), inputs);
  };
  const Differentiated one = run(1);
  for (const int count : {2, 3}) {
    const Differentiated other = run(count);
    CHECK(other.value == one.value);
    CHECK(other.grads == one.grads);
  }
}

TEST_CASE("join_experts: a token has the same bits alone and among others") {
  const Case c{70, 2, 5, 6, 3};
  const std::vector<Tensor> in = inputs_of(c);
  const Tensor indices = indices_of(c);
  const auto rows = [&](std::int64_t begin, std::int64_t end) {
    const auto part = [&](std::size_t i) { return Variable(clone(in[i].slice(begin, end))); };
    return ops::join_experts(part(0),
                             part(1),
                             part(2),
                             Variable(in[3]),
                             clone(indices.slice(begin, end)),
                             part(4))
        .value();
  };
  const Tensor all = rows(0, 70);
  for (const std::int64_t t : {0, 33, 69}) {
    CHECK(same_bits(rows(t, t + 1), all.slice(t, t + 1)));
  }
}

TEST_CASE("join_experts: refuses sizes that do not fit") {
  const auto call = [](const Shape& out,
                       const Shape& sums,
                       const Shape& table,
                       const Shape& ids,
                       const Shape& g) {
    return message_of([&] {
      ops::join_experts(Variable(random_f64(out, 1)),
                        Variable(random_f64(sums, 1)),
                        Variable(random_f64(out, 2)),
                        Variable(random_f64(table, 1)),
                        zeros(ids, DType::kInt32, test_device()),
                        Variable(random_f64(g, 1)));
    });
  };
  CHECK(call({2, 6}, {2, 2}, {4, 6}, {2, 3}, {2, 3}) == "");
  CHECK(call({2, 6}, {2, 4}, {4, 6}, {2, 3}, {2, 3}) ==
        "join_experts: out [2, 6], log_sum [2, 4], query [2, 6], table [4, 6], indices [2, 3] and "
        "gates [2, 3] do not fit");
  CHECK(call({2, 6}, {3, 2}, {4, 6}, {2, 3}, {2, 3}).find("join_experts: out") == 0);
  CHECK(call({2, 6}, {2, 2}, {4, 5}, {2, 3}, {2, 3}).find("join_experts: out") == 0);
  CHECK(call({2, 6}, {2, 2}, {4, 6}, {2, 2}, {2, 3}).find("join_experts: out") == 0);
  CHECK(call({2, 6}, {2, 2}, {4, 6}, {3, 3}, {3, 3}).find("join_experts: out") == 0);
}

}  // namespace
}  // namespace elastic::join_experts_test

#include "autograd/ops/product_keys.h"

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"

namespace elastic::product_keys_test {
namespace {

struct Case {
  std::int64_t batch;
  std::int64_t heads;
  std::int64_t subkeys;
  std::int64_t half;
  std::int64_t dim;
  std::int64_t experts;
};

const std::vector<Case> kCases{{1, 1, 1, 1, 1, 1},
                               {3, 1, 4, 2, 3, 5},
                               {2, 2, 3, 3, 5, 4},
                               {5, 1, 16, 4, 4, 8},
                               {2, 1, 2, 3, 3, 4},    // the whole pool
                               {2, 3, 4, 2, 3, 30}};  // k / M above S

// Several tiles of queries, more sub-keys or experts than are compared by counting.
const std::vector<Case> kLargeCases{
    {70, 2, 16, 4, 3, 16}, {3, 1, 300, 2, 3, 8}, {5, 2, 20, 3, 2, 200}};

std::vector<Tensor> inputs_of(const Case& c) {
  return {random_f64({c.batch, c.heads, 2 * c.half}, 1),
          random_f64({c.heads, 2, c.subkeys, c.half}, 2),
          random_f64({c.subkeys * c.subkeys, c.dim}, 3)};
}

TensorFunction biased_experts(const Case& c, const Tensor& bias) {
  return [c, bias](const auto& in) {
    return ops::product_keys(in[0], in[1], in[2], c.experts, bias).experts;
  };
}

TensorFunction experts(const Case& c) {
  return [c](const auto& in) { return ops::product_keys(in[0], in[1], in[2], c.experts).experts; };
}

// The best k / M of all S * S sums, per head, with their scores.
std::vector<std::pair<double, std::int32_t>> naive_choice(const Case& c,
                                                          const std::vector<Tensor>& inputs,
                                                          std::int64_t b,
                                                          std::int64_t m) {
  const std::vector<double> query = to_doubles(inputs[0]);
  const std::vector<double> keys = to_doubles(inputs[1]);
  const auto score = [&](std::int64_t part, std::int64_t s) {
    double sum = 0.0;
    for (std::int64_t j = 0; j < c.half; ++j) {
      sum += query[static_cast<std::size_t>(((b * c.heads + m) * 2 + part) * c.half + j)] *
             keys[static_cast<std::size_t>(((m * 2 + part) * c.subkeys + s) * c.half + j)];
    }
    return sum;
  };
  std::vector<std::pair<double, std::int32_t>> order;  // negated score, id
  for (std::int64_t a = 0; a < c.subkeys; ++a) {
    for (std::int64_t s = 0; s < c.subkeys; ++s) {
      order.emplace_back(-(score(0, a) + score(1, s)),
                         static_cast<std::int32_t>(a * c.subkeys + s));
    }
  }
  std::sort(order.begin(), order.end());
  order.resize(static_cast<std::size_t>(c.experts / c.heads));
  return order;
}

TEST_CASE("product_keys: picks the best of all pairs, with their gates") {
  std::vector<Case> cases = kCases;
  cases.insert(cases.end(), kLargeCases.begin(), kLargeCases.end());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    const Case& c = cases[i];
    const std::vector<Tensor> inputs = inputs_of(c);
    const ops::ProductKeysResult result =
        ops::product_keys(Variable(inputs[0]), Variable(inputs[1]), Variable(inputs[2]), c.experts);
    CHECK(result.experts.shape() == Shape{c.batch, c.experts, c.dim});
    std::vector<std::int32_t> indices;
    std::vector<double> gates;
    std::vector<double> rows;
    const std::vector<double> memory = to_doubles(inputs[2]);
    for (std::int64_t b = 0; b < c.batch; ++b) {
      for (std::int64_t m = 0; m < c.heads; ++m) {
        const auto chosen = naive_choice(c, inputs, b, m);
        double total = 0.0;
        for (const auto& [negated, id] : chosen) {
          total += std::exp(-negated);
        }
        for (const auto& [negated, id] : chosen) {
          indices.push_back(id);
          gates.push_back(static_cast<double>(chosen.size()) * std::exp(-negated) / total);
          for (std::int64_t j = 0; j < c.dim; ++j) {
            rows.push_back(gates.back() * memory[static_cast<std::size_t>(id * c.dim + j)]);
          }
        }
      }
    }
    CHECK(result.indices.to_vector<std::int32_t>() == indices);
    CHECK(relative_error(gates, to_doubles(result.gates)) < tolerance::kByHand);
    CHECK(relative_error(rows, to_doubles(result.experts.value())) < tolerance::kByHand);
  }
}

TEST_CASE("product_keys: equal scores go to the smaller id") {
  const Variable query(zeros({1, 1, 2}, DType::kFloat64, test_device()));
  const Variable subkeys(random_f64({1, 2, 4, 1}, 1));
  const Variable memory(random_f64({16, 2}, 2));
  for (const std::int64_t k : {1, 3, 4, 5, 16}) {
    CAPTURE(k);
    const auto result = ops::product_keys(query, subkeys, memory, k);
    std::vector<std::int32_t> indices = result.indices.to_vector<std::int32_t>();
    // Only the best min(k, S) sub-keys of each half take part.
    const std::int64_t part = std::min<std::int64_t>(k, 4);
    for (std::int64_t i = 0; i < k; ++i) {
      CHECK(indices[static_cast<std::size_t>(i)] == i / part * 4 + i % part);
    }
    CHECK(relative_error(std::vector<double>(static_cast<std::size_t>(k), 1.0),
                         to_doubles(result.gates)) < tolerance::kByHand);
  }
}

TEST_CASE("product_keys: gates of every head have the mean 1") {
  const Case c{4, 2, 6, 3, 2, 10};
  const std::vector<Tensor> inputs = inputs_of(c);
  const auto result =
      ops::product_keys(Variable(inputs[0]), Variable(inputs[1]), Variable(inputs[2]), c.experts);
  const std::vector<double> gates = to_doubles(result.gates);
  for (std::size_t head = 0; head < gates.size(); head += 5) {
    double sum = 0.0;
    for (std::size_t i = 0; i < 5; ++i) {
      sum += gates[head + i];
      CHECK((i == 0 || gates[head + i] <= gates[head + i - 1]));
    }
    CHECK(sum == doctest::Approx(5.0));
  }
}

TEST_CASE("product_keys: a NaN query still chooses experts of the pool") {
  const Variable query(make_tensor(std::vector<double>(4, NAN), {1, 1, 4}, DType::kFloat64));
  const Variable subkeys(random_f64({1, 2, 4, 2}, 1));
  const Variable memory(random_f64({16, 2}, 2));
  const auto result = ops::product_keys(query, subkeys, memory, 6);
  std::vector<std::int32_t> indices = result.indices.to_vector<std::int32_t>();
  std::sort(indices.begin(), indices.end());
  CHECK(indices.front() >= 0);
  CHECK(indices.back() < 16);
  CHECK(std::unique(indices.begin(), indices.end()) == indices.end());
}

TEST_CASE("product_keys: gradient matches finite differences") {
  for (std::size_t i = 0; i < kCases.size(); ++i) {
    CAPTURE(i);
    check_function(experts(kCases[i]), inputs_of(kCases[i]));
  }
}

TEST_CASE("product_keys: a query used twice gets both gradients") {
  const Case c{2, 1, 3, 2, 3, 4};
  check_function([&](const auto& in) { return ops::multiply(experts(c)(in), experts(c)(in)); },
                 inputs_of(c));
}

TEST_CASE("product_keys: float32 stays close to float64") {
  const Case c{7, 2, 16, 8, 16, 8};
  check_float32(experts(c), inputs_of(c));
}

TensorFunction gates_of(const Case& c) {
  return [c](const auto& in) { return ops::product_key_gates(in[0], in[1], c.experts).gates; };
}

// Without the memory.
std::vector<Tensor> key_inputs(const Case& c) {
  std::vector<Tensor> inputs = inputs_of(c);
  inputs.pop_back();
  return inputs;
}

TEST_CASE("product_key_gates: the choice and the gates of product_keys, the same bits") {
  for (const Case& c : kLargeCases) {
    const std::vector<Tensor> inputs = inputs_of(c);
    const auto whole =
        ops::product_keys(Variable(inputs[0]), Variable(inputs[1]), Variable(inputs[2]), c.experts);
    const auto gates = ops::product_key_gates(Variable(inputs[0]), Variable(inputs[1]), c.experts);
    CHECK(same_bits(whole.indices, gates.indices));
    CHECK(same_bits(whole.gates, gates.gates.value()));
  }
}

TEST_CASE("product_key_gates: gradient matches finite differences, over many queries too") {
  for (const Case& c : kCases) {
    check_function(gates_of(c), key_inputs(c));
  }
  for (const Case& c : {Case{1000, 2, 3, 5, 1, 4}, Case{300, 1, 20, 40, 1, 8}}) {
    check_directions(gates_of(c), key_inputs(c));
  }
}

TEST_CASE("product_key_gates: float32 stays close to float64") {
  const Case c{700, 2, 16, 8, 1, 8};
  check_float32(gates_of(c), key_inputs(c), tolerance::kFloat32Deep);
}

TEST_CASE("product_key_gates: the same bits at one, two and three threads") {
  if (!on_cpu()) {
    return;
  }
  const Case c{9000, 1, 16, 16, 1, 8};
  std::vector<Tensor> inputs;
  for (const Tensor& input : key_inputs(c)) {
    inputs.push_back(make_tensor(to_doubles(input), input.shape(), DType::kFloat32));
  }
  const auto run = [&](int count) {
    const Threads threads(count);
    return differentiate(gates_of(c), inputs);
  };
  const Differentiated one = run(1);
  for (const int count : {2, 3}) {
    const Differentiated other = run(count);
    CHECK(other.value == one.value);
    CHECK(other.grads == one.grads);
  }
}

// The biased scores of a query decide; its gates are those of the same experts without the bias.
TEST_CASE("product_keys: a bias changes the choice and its order, not the gates") {
  for (const Case& c :
       {Case{5, 1, 16, 4, 4, 8}, Case{4, 2, 5, 3, 3, 30}, Case{3, 1, 300, 2, 3, 8}}) {
    const std::vector<Tensor> in = inputs_of(c);
    const Variable query(in[0]);
    const Variable keys(in[1]);
    const Variable memory(in[2]);
    const Tensor bias = random_f64({c.heads, 2, c.subkeys}, 4, 3.0);
    const auto biased = ops::product_keys(query, keys, memory, c.experts, bias);
    // A query with one more feature of 1 a half, whose sub-keys hold the bias.
    const std::vector<double> q = to_doubles(in[0]);
    const std::vector<double> k = to_doubles(in[1]);
    const std::vector<double> b = to_doubles(bias);
    std::vector<double> wide_q;
    std::vector<double> wide_k;
    const auto half = static_cast<std::size_t>(c.half);
    for (std::size_t i = 0; i < q.size(); i += half) {
      wide_q.insert(wide_q.end(), q.data() + i, q.data() + i + half);
      wide_q.push_back(1.0);
    }
    for (std::size_t i = 0; i < k.size(); i += half) {
      wide_k.insert(wide_k.end(), k.data() + i, k.data() + i + half);
      wide_k.push_back(b[i / half]);
    }
    const auto chosen = ops::product_key_gates(
        Variable(make_tensor(wide_q, {c.batch, c.heads, 2 * c.half + 2}, DType::kFloat64)),
        Variable(make_tensor(wide_k, {c.heads, 2, c.subkeys, c.half + 1}, DType::kFloat64)),
        c.experts);
    CHECK(same_bits(biased.indices, chosen.indices));
    CHECK_FALSE(
        same_bits(ops::product_keys(query, keys, memory, c.experts).indices, biased.indices));
    const std::vector<std::int32_t> ids = biased.indices.to_vector<std::int32_t>();
    std::vector<double> gates;
    const auto subkeys = static_cast<std::size_t>(c.subkeys);
    const auto heads = static_cast<std::size_t>(c.heads);
    const std::size_t count = static_cast<std::size_t>(c.experts) / heads;
    for (std::size_t first = 0; first < ids.size(); first += count) {
      const std::size_t row = first / count;
      double total = 0.0;
      for (std::size_t i = first; i < first + count; ++i) {
        const auto id = static_cast<std::size_t>(ids[i]);
        double score = 0.0;
        for (std::size_t j = 0; j < half; ++j) {
          const std::size_t head = row % heads * 2 * subkeys;
          score += q[row * 2 * half + j] * k[(head + id / subkeys) * half + j];
          score += q[(row * 2 + 1) * half + j] * k[(head + subkeys + id % subkeys) * half + j];
        }
        gates.push_back(std::exp(score));
        total += gates.back();
      }
      for (std::size_t i = first; i < first + count; ++i) {
        gates[i] *= static_cast<double>(count) / total;
      }
    }
    CHECK(relative_error(gates, to_doubles(biased.gates)) < tolerance::kByHand);
  }
}

TEST_CASE("product_keys: gradient with a bias matches finite differences") {
  for (const Case& c : {Case{3, 1, 4, 2, 3, 5}, Case{2, 2, 3, 3, 5, 4}}) {
    check_function(biased_experts(c, random_f64({c.heads, 2, c.subkeys}, 4)), inputs_of(c));
  }
}

TEST_CASE("product_keys: refuses sizes that do not fit") {
  const auto call = [](const Shape& query, const Shape& keys, const Shape& memory, std::int64_t k) {
    return message_of([&] {
      ops::product_keys(Variable(random_f64(query, 1)),
                        Variable(random_f64(keys, 1)),
                        Variable(random_f64(memory, 1)),
                        k);
    });
  };
  CHECK(call({2, 1, 6}, {1, 2, 4, 2}, {16, 3}, 4) ==
        "product_keys: query [2, 1, 6] and sub-keys [1, 2, 4, 2] do not fit");
  CHECK(call({2, 1, 4}, {2, 2, 4, 2}, {16, 3}, 4) ==
        "product_keys: query [2, 1, 4] and sub-keys [2, 2, 4, 2] do not fit");
  CHECK(call({2, 1, 4}, {1, 2, 4, 2}, {15, 3}, 4) ==
        "product_keys: sub-keys [1, 2, 4, 2] and memory [15, 3] do not fit");
  CHECK(call({2, 2, 4}, {2, 2, 4, 2}, {16, 3}, 5) ==
        "product_keys: 5 experts from 2 heads over a pool of 16");
  CHECK(call({2, 1, 4}, {1, 2, 2, 2}, {4, 3}, 5) ==
        "product_keys: 5 experts from 1 heads over a pool of 4");
  CHECK(message_of([] {
          ops::product_keys(Variable(random_f64({2, 1, 4}, 1)),
                            Variable(random_f64({1, 2, 4, 2}, 1)),
                            Variable(random_f64({16, 3}, 1)),
                            4,
                            random_f64({1, 2, 3}, 1));
        }) == "product_keys: sub-keys [1, 2, 4, 2] and bias [1, 2, 3] do not fit");
}

}  // namespace
}  // namespace elastic::product_keys_test

#include "autograd/ops/linear_cross_entropy.h"

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"

namespace elastic::linear_cross_entropy_test {
namespace {

struct Problem {
  std::vector<Tensor> inputs;  // hidden, table
  std::vector<std::int32_t> targets;
};

Problem problem_of(std::int64_t rows, std::int32_t items, std::int64_t dim) {
  return {{random_f64({rows, dim}, 1), random_f64({items + 1, dim}, 2)},
          random_ids(rows, 1, items, 3)};
}

TensorFunction loss_of(const Problem& problem) {
  return [targets = int_tensor(problem.targets)](const auto& in) {
    return ops::linear_cross_entropy(in[0], in[1], targets);
  };
}

// Softmax of explicit logits; gradients of the loss times `weight`.
Differentiated naive(const Problem& problem, double weight) {
  const std::vector<double> hidden = to_doubles(problem.inputs[0]);
  const std::vector<double> table = to_doubles(problem.inputs[1]);
  const auto dim = static_cast<std::size_t>(problem.inputs[0].cols());
  const std::size_t rows = problem.targets.size();
  const std::size_t items = table.size() / dim;
  Differentiated result{{0.0},
                        {std::vector<double>(hidden.size()), std::vector<double>(table.size())}};
  std::vector<double> probs(items);
  for (std::size_t r = 0; r < rows; ++r) {
    double total = 0.0;
    const auto target = static_cast<std::size_t>(problem.targets[r]);
    double target_logit = 0.0;
    for (std::size_t v = 1; v < items; ++v) {
      double logit = 0.0;
      for (std::size_t j = 0; j < dim; ++j) {
        logit += hidden[r * dim + j] * table[v * dim + j];
      }
      target_logit = v == target ? logit : target_logit;
      probs[v] = std::exp(logit);
      total += probs[v];
    }
    result.value[0] += (std::log(total) - target_logit) / static_cast<double>(rows);
    for (std::size_t v = 1; v < items; ++v) {
      const double grad =
          weight * (probs[v] / total - (v == target ? 1.0 : 0.0)) / static_cast<double>(rows);
      for (std::size_t j = 0; j < dim; ++j) {
        result.grads[0][r * dim + j] += grad * table[v * dim + j];
        result.grads[1][v * dim + j] += grad * hidden[r * dim + j];
      }
    }
  }
  return result;
}

void check_against_naive(const Problem& problem, double tolerance) {
  const double weight = to_doubles(random_f64({}, 7))[0];
  check_close(naive(problem, weight), differentiate(loss_of(problem), problem.inputs), tolerance);
  const NoGrad no_grad;  // without gradients the kernel takes another path
  const Variable value =
      loss_of(problem)({Variable(problem.inputs[0]), Variable(problem.inputs[1])});
  CHECK(relative_error(naive(problem, 1.0).value, to_doubles(value.value())) < tolerance);
}

TEST_CASE("linear_cross_entropy: values by hand") {
  // Logits 0 and log 3, the target the second: -log(3 / 4). Row 0 of the table takes no part.
  const Variable hidden = variable_of({1}, {1, 1});
  const Variable table = variable_of({1000, 0, std::log(3.0)}, {3, 1});
  CHECK(to_doubles(ops::linear_cross_entropy(hidden, table, int_tensor({2})).value())[0] ==
        doctest::Approx(std::log(4.0 / 3.0)));
}

TEST_CASE("linear_cross_entropy: a single item has loss 0") {
  const Problem problem = problem_of(3, 1, 2);
  CHECK(std::abs(differentiate(loss_of(problem), problem.inputs).value[0]) < tolerance::kByHand);
}

TEST_CASE("linear_cross_entropy: equals the softmax of explicit logits") {
  for (const auto& [rows, items, dim] : {std::array{1, 2, 1},
                                         std::array{3, 7, 5},
                                         std::array{64, 127, 4},
                                         std::array{65, 128, 3},
                                         std::array{130, 129, 8},
                                         std::array{2, 300, 70}}) {
    CAPTURE(rows);
    CAPTURE(items);
    check_against_naive(problem_of(rows, items, dim), tolerance::kEqual);
  }
}

// More rows than one round's blocks of 64 at one thread, and more items than a slab of 16384.
TEST_CASE("linear_cross_entropy: several rounds and several slabs") {
  const Threads one(1);
  check_against_naive(problem_of(3 * 64 + 5, 50, 3), tolerance::kEqual);
  check_against_naive(problem_of(2 * 64 + 3, 16384 + 77, 2), tolerance::kEqualDeep);
  check_against_naive(problem_of(5, 2 * 16384 + 1, 2), tolerance::kEqualDeep);
  check_against_naive(problem_of(2, 16384, 2), tolerance::kEqualDeep);
}

TEST_CASE("linear_cross_entropy: targets in the first and the last slab, one twice") {
  Problem problem = problem_of(4, 16384 + 9, 3);
  problem.targets = {1, 16384 + 9, 16385, 16385};
  check_against_naive(problem, tolerance::kEqualDeep);
}

TEST_CASE("linear_cross_entropy: the same bits at one, two and three threads") {
  if (!on_cpu()) {
    return;
  }
  const Problem problem = problem_of(9 * 64 + 5, 1500, 4);
  std::vector<Differentiated> results;
  for (const int count : {1, 2, 3}) {
    const Threads threads(count);
    results.push_back(differentiate(loss_of(problem), problem.inputs));
  }
  for (const Differentiated& result : results) {
    CHECK(result.value == results[0].value);
    CHECK(result.grads == results[0].grads);
  }
}

TEST_CASE("linear_cross_entropy: gradient matches finite differences") {
  for (const auto& [rows, items, dim] :
       {std::array{1, 2, 1}, std::array{5, 7, 3}, std::array{67, 4, 2}}) {
    const Problem problem = problem_of(rows, items, dim);
    check_function(loss_of(problem), problem.inputs);
  }
}

TEST_CASE("linear_cross_entropy: row 0 of the table gets no gradient") {
  const Problem problem = problem_of(5, 7, 3);
  const Differentiated result = differentiate(loss_of(problem), problem.inputs);
  CHECK(std::vector<double>(result.grads[1].begin(), result.grads[1].begin() + 3) ==
        std::vector<double>(3, 0.0));
}

TEST_CASE("linear_cross_entropy: a table used twice gets both gradients") {
  const Tensor targets = int_tensor({1, 3, 2});
  check_function(
      [&](const auto& in) {
        return ops::add(ops::linear_cross_entropy(in[0], in[1], targets),
                        ops::linear_cross_entropy(ops::scale(in[0], 2.0), in[1], targets));
      },
      {random_f64({3, 4}, 1), random_f64({5, 4}, 2)});
}

TEST_CASE("linear_cross_entropy: large logits do not overflow") {
  const Variable hidden = variable_of({1000, -1000}, {2, 1}, true);
  const Variable table = variable_of({0, 1, -1, 0.5}, {4, 1}, true);
  const Variable loss = ops::linear_cross_entropy(hidden, table, int_tensor({1, 1}));
  CHECK(to_doubles(loss.value())[0] == doctest::Approx(1000.0));  // (0 + 2000) / 2
  backward(loss);
  CHECK(relative_error({0.0, -1.0}, to_doubles(hidden.grad())) < tolerance::kSum);
}

TEST_CASE("linear_cross_entropy: float32 stays close to float64") {
  for (const auto& [rows, items] : {std::array{70, 300}, std::array{3, 16384 + 50}}) {
    const Problem problem = problem_of(rows, items, 8);
    check_float32(loss_of(problem), problem.inputs, tolerance::kFloat32Deep);
  }
}

TEST_CASE("linear_cross_entropy: refuses sizes that do not fit, and no rows") {
  const auto call = [](const Shape& hidden, const Shape& table, std::int64_t num_targets) {
    return message_of([&] {
      ops::linear_cross_entropy(
          Variable(random_f64(hidden, 1)),
          Variable(random_f64(table, 1)),
          int_tensor(std::vector<std::int32_t>(static_cast<std::size_t>(num_targets), 1)));
    });
  };
  CHECK(call({2, 3}, {5, 4}, 2) ==
        "linear_cross_entropy: hidden [2, 3] and table [5, 4] do not fit");
  CHECK(call({2, 3}, {1, 3}, 2) ==
        "linear_cross_entropy: hidden [2, 3] and table [1, 3] do not fit");
  CHECK(call({2, 3}, {5, 3}, 1) == "linear_cross_entropy: 1 targets for hidden [2, 3]");
  CHECK(call({0, 3}, {5, 3}, 0) == "linear_cross_entropy: 0 targets for hidden [0, 3]");
}

}  // namespace
}  // namespace elastic::linear_cross_entropy_test

#include "autograd/ops/linear_cross_entropy.h"

#include <numeric>

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"

namespace elastic::linear_cross_entropy_test {
namespace {

struct Problem {
  std::vector<Tensor> inputs;  // hidden, table
  std::vector<std::int32_t> targets;
  // Of RowLists; empty: no row leaves anything out.
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> begins;
  std::vector<std::int32_t> counts;

  [[nodiscard]] RowLists excluded() const {
    if (counts.empty()) {
      return {};
    }
    return {int_tensor(ids), int_tensor(begins), int_tensor(counts)};
  }
  // By item: 1 for the items in the row's softmax, otherwise 0.
  [[nodiscard]] std::vector<double> candidates(std::size_t row) const {
    std::vector<double> result(static_cast<std::size_t>(inputs[1].rows()), 1.0);
    if (!counts.empty()) {
      for (std::int32_t i = begins[row]; i < begins[row] + counts[row]; ++i) {
        result[static_cast<std::size_t>(ids[static_cast<std::size_t>(i)])] = 0.0;
      }
      result[static_cast<std::size_t>(targets[row])] = 1.0;
    }
    return result;
  }
};

Problem problem_of(std::int64_t rows, std::int32_t items, std::int64_t dim) {
  return {{random_f64({rows, dim}, 1), random_f64({items + 1, dim}, 2)},
          random_ids(rows, 1, items, 3),
          {},
          {},
          {}};
}

// The same, each row without the earlier targets of its user: users have 1, 2, 3, ... rows, with
// three events before the first target, one of them twice. Targets repeat, so some are listed.
Problem problem_of_users(std::int64_t rows, std::int32_t items, std::int64_t dim) {
  Problem problem = problem_of(rows, items, dim);
  std::int32_t of_user = 0;
  for (std::int64_t row = 0, user = 1; row < rows; ++row) {
    if (of_user == 0) {
      const auto first = random_ids(2, 1, items, static_cast<std::uint64_t>(100 + user));
      problem.ids.insert(problem.ids.end(), {first[0], first[1], first[0]});
    }
    problem.counts.push_back(3 + of_user);
    problem.ids.push_back(problem.targets[static_cast<std::size_t>(row)]);
    problem.begins.push_back(static_cast<std::int32_t>(problem.ids.size()) - 1 -
                             problem.counts.back());
    of_user = ++of_user == user ? 0 : of_user;
    user += of_user == 0 ? 1 : 0;
  }
  return problem;
}

TensorFunction loss_of(const Problem& problem) {
  return [targets = int_tensor(problem.targets), excluded = problem.excluded()](const auto& in) {
    return ops::linear_cross_entropy(in[0], in[1], targets, excluded);
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
    const std::vector<double> candidates = problem.candidates(r);
    for (std::size_t v = 1; v < items; ++v) {
      double logit = 0.0;
      for (std::size_t j = 0; j < dim; ++j) {
        logit += hidden[r * dim + j] * table[v * dim + j];
      }
      target_logit = v == target ? logit : target_logit;
      probs[v] = candidates[v] * std::exp(logit);
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
  const Differentiated want = naive(problem, weight);
  check_close(want, differentiate(loss_of(problem), problem.inputs), tolerance);
  const NoGrad no_grad;  // without gradients the kernel takes another path
  const Variable value =
      loss_of(problem)({Variable(problem.inputs[0]), Variable(problem.inputs[1])});
  CHECK(relative_error(want.value, to_doubles(value.value())) < tolerance);
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

TEST_CASE("linear_cross_entropy: excluded items take no part, targets always do") {
  for (const auto& [rows, items, dim] : {std::array{1, 2, 1},
                                         std::array{3, 7, 5},
                                         std::array{64, 127, 4},
                                         std::array{65, 12, 3},
                                         std::array{200, 129, 8}}) {
    CAPTURE(rows);
    CAPTURE(items);
    check_against_naive(problem_of_users(rows, items, dim), tolerance::kEqual);
  }
  const Threads one(1);
  check_against_naive(problem_of_users(2 * 64 + 3, 16384 + 77, 2), tolerance::kEqualDeep);
}

TEST_CASE("linear_cross_entropy: lists of any order, empty ones, and items listed twice") {
  Problem problem = problem_of(6, 9, 4);
  problem.targets = {3, 3, 9, 1, 5, 5};
  problem.ids = {3, 3, 7, 1, 9, 8, 0, 7};
  problem.begins = {0, 0, 0, 4, 8, 2};
  problem.counts = {8, 2, 5, 0, 0, 6};  // begins that differ, counts that fall
  check_against_naive(problem, tolerance::kEqual);
  const Differentiated twice = differentiate(loss_of(problem), problem.inputs);
  problem.ids = {3, 7, 1, 9, 8, 3, 7, 1, 9, 7, 1, 9, 8};
  problem.begins = {0, 0, 5, 0, 0, 9};
  problem.counts = {5, 1, 4, 0, 0, 4};
  check_close(differentiate(loss_of(problem), problem.inputs), twice, tolerance::kEqual);
}

TEST_CASE("linear_cross_entropy: a row may leave out a whole slab, or all but its target") {
  Problem problem = problem_of(3, 16384 + 9, 2);
  problem.targets = {16384 + 3, 5, 16384 + 9};
  problem.ids.resize(16384 + 9);
  std::iota(problem.ids.begin(), problem.ids.end(), 1);
  problem.begins = {0, 0, 0};
  problem.counts = {16384, 16384 + 9, 16384 + 4};
  check_against_naive(problem, tolerance::kEqualDeep);
  for (const std::int32_t items : {4, 16384 + 9}) {
    problem = problem_of(1, items, 2);
    problem.targets = {2};
    problem.ids.resize(static_cast<std::size_t>(items));
    std::iota(problem.ids.begin(), problem.ids.end(), 1);
    problem.begins = {0};
    problem.counts = {items};
    const Differentiated result = differentiate(loss_of(problem), problem.inputs);
    CHECK(std::abs(result.value[0]) < tolerance::kByHand);
    for (const std::vector<double>& grad : result.grads) {
      CHECK(std::all_of(grad.begin(), grad.end(), [](double g) { return std::abs(g) < 1e-12; }));
    }
  }
}

TEST_CASE("linear_cross_entropy: an item that every row leaves out gets no gradient, to the bit") {
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    Problem problem = problem_of(70, 20, 3);
    problem.targets = random_ids(70, 2, 19, 3);
    problem.ids = {1, 20};
    problem.begins.assign(70, 0);
    problem.counts.assign(70, 2);
    std::vector<Tensor> inputs;
    for (const Tensor& input : problem.inputs) {
      inputs.push_back(make_tensor(to_doubles(input), input.shape(), dtype));
    }
    const Differentiated result = differentiate(loss_of(problem), inputs);
    const std::vector<double>& grad = result.grads[1];
    for (const std::size_t item : {1, 20}) {
      CHECK(grad[3 * item] == 0.0);
      CHECK(grad[3 * item + 2] == 0.0);
    }
    CHECK(grad[3 * 2] != 0.0);
  }
}

TEST_CASE("linear_cross_entropy: excluded scores of any size do not disturb the others") {
  for (const double score : {1e4, 200.0, -200.0, -1e4}) {
    CAPTURE(score);
    const Variable hidden = variable_of({1, 1}, {2, 1}, true);
    const Variable table = variable_of({0, score, 0, std::log(3.0), score}, {5, 1}, true);
    const RowLists excluded{int_tensor({1, 4}), int_tensor({0, 0}), int_tensor({2, 2})};
    const Variable loss = ops::linear_cross_entropy(hidden, table, int_tensor({3, 2}), excluded);
    CHECK(to_doubles(loss.value())[0] ==
          doctest::Approx((std::log(4.0 / 3.0) + std::log(4.0)) / 2.0));
    backward(loss);
    const std::vector<double> want{0.0, 0.0, (0.25 + 0.25 - 1.0) / 2, (0.75 - 1.0 + 0.75) / 2, 0.0};
    CHECK(relative_error(want, to_doubles(table.grad())) < tolerance::kSum);
  }
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
  for (const Problem& problem :
       {problem_of(9 * 64 + 5, 1500, 4), problem_of_users(9 * 64 + 5, 1500, 4)}) {
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
}

TEST_CASE("linear_cross_entropy: gradient matches finite differences") {
  for (const auto& [rows, items, dim] :
       {std::array{1, 2, 1}, std::array{5, 7, 3}, std::array{67, 4, 2}}) {
    for (const Problem& problem :
         {problem_of(rows, items, dim), problem_of_users(rows, items, dim)}) {
      check_function(loss_of(problem), problem.inputs);
    }
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
    for (const Problem& problem : {problem_of(rows, items, 8), problem_of_users(rows, items, 8)}) {
      check_float32(loss_of(problem), problem.inputs, tolerance::kFloat32Deep);
    }
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
  Problem problem = problem_of_users(3, 4, 2);
  problem.counts.pop_back();
  CHECK(message_of([&] { differentiate(loss_of(problem), problem.inputs); }) ==
        "linear_cross_entropy: expected a list of left-out items for each of 3 rows");
}

}  // namespace
}  // namespace elastic::linear_cross_entropy_test

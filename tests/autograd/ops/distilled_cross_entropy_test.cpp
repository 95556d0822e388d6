#include "autograd/ops/distilled_cross_entropy.h"

#include <cmath>
#include <numeric>

#include "autograd/op_checks.h"
#include "autograd/ops/linear_cross_entropy.h"

namespace elastic::distilled_cross_entropy_test {
namespace {

struct Problem {
  std::vector<Tensor> inputs;  // hidden, table
  ops::TeacherScores teacher;
  std::vector<std::int32_t> targets;
  std::vector<std::vector<std::int32_t>> left_out;  // a list for each row, or none at all
  Distillation settings;

  [[nodiscard]] RowLists excluded() const {
    if (left_out.empty()) {
      return {};
    }
    std::vector<std::int32_t> ids;
    std::vector<std::int32_t> begins;
    std::vector<std::int32_t> counts;
    for (const std::vector<std::int32_t>& list : left_out) {
      begins.push_back(static_cast<std::int32_t>(ids.size()));
      counts.push_back(static_cast<std::int32_t>(list.size()));
      ids.insert(ids.end(), list.begin(), list.end());
    }
    return {int_tensor(ids), int_tensor(begins), int_tensor(counts)};
  }
  // By item: 1 for the items in the row's softmax, otherwise 0.
  [[nodiscard]] std::vector<double> candidates(std::size_t row) const {
    std::vector<double> result(static_cast<std::size_t>(inputs[1].rows()), 1.0);
    if (!left_out.empty()) {
      for (const std::int32_t item : left_out[row]) {
        result[static_cast<std::size_t>(item)] = 0.0;
      }
      result[static_cast<std::size_t>(targets[row])] = 1.0;
    }
    result[0] = 0.0;
    return result;
  }
};

Problem problem_of(std::int64_t rows, std::int32_t items, std::int64_t dim, double temperature) {
  Problem problem;
  problem.inputs = {random_f64({rows, dim}, 1), random_f64({items + 1, dim}, 2)};
  problem.teacher = {random_f64({rows, 3}, 3), random_f64({items + 1, 3}, 4)};
  problem.targets = random_ids(rows, 1, items, 5);
  problem.settings = {0.3, temperature};
  return problem;
}

// Every row but the last leaves out a few items, some twice, and in some rows its target; 0 is
// none.
Problem with_left_out(Problem problem, std::int32_t items) {
  for (std::size_t row = 0; row < problem.targets.size(); ++row) {
    const std::int64_t count = row + 1 == problem.targets.size() ? 0 : 1 + row % 5;
    std::vector<std::int32_t> list = random_ids(count, 0, items, 40 + row);
    if (row % 3 == 0 && !list.empty()) {
      list.push_back(list.front());
      list.push_back(problem.targets[row]);
    }
    problem.left_out.push_back(list);
  }
  return problem;
}

TensorFunction loss_of(const Problem& problem) {
  return [problem, targets = int_tensor(problem.targets), excluded = problem.excluded()](
             const auto& in) {
    return ops::distilled_cross_entropy(
        in[0], in[1], targets, excluded, problem.teacher, problem.settings);
  };
}

// Softmax over the candidates of scores / temperature; others 0.
std::vector<double> softmax(const std::vector<double>& candidates,
                            const std::vector<double>& scores,
                            double temperature) {
  std::vector<double> probs(scores.size());
  double total = 0.0;
  for (std::size_t v = 0; v < scores.size(); ++v) {
    probs[v] = candidates[v] * std::exp(scores[v] / temperature);
    total += probs[v];
  }
  for (double& prob : probs) {
    prob /= total;
  }
  return probs;
}

// Products of a state, dim numbers, with every item.
std::vector<double> scores_of(const double* state,
                              const std::vector<double>& items,
                              std::size_t dim) {
  std::vector<double> scores(items.size() / dim);
  for (std::size_t v = 0; v < scores.size(); ++v) {
    scores[v] = std::inner_product(state, state + dim, &items[v * dim], 0.0);
  }
  return scores;
}

// The definition, with explicit probabilities; gradients of the loss times `factor`.
Differentiated by_definition(const Problem& problem, double factor) {
  const std::vector<double> hidden = to_doubles(problem.inputs[0]);
  const std::vector<double> table = to_doubles(problem.inputs[1]);
  const std::vector<double> teacher_states = to_doubles(problem.teacher.states);
  const std::vector<double> teacher_items = to_doubles(problem.teacher.items);
  const auto dim = static_cast<std::size_t>(problem.inputs[0].cols());
  const auto teacher_dim = static_cast<std::size_t>(problem.teacher.states.cols());
  const auto rows = static_cast<double>(problem.targets.size());
  const auto& [weight, temperature] = problem.settings;
  Differentiated result{{0.0},
                        {std::vector<double>(hidden.size()), std::vector<double>(table.size())}};
  for (std::size_t r = 0; r < problem.targets.size(); ++r) {
    const auto candidates = problem.candidates(r);
    const auto scores = scores_of(&hidden[r * dim], table, dim);
    const auto probs = softmax(candidates, scores, 1.0);
    const auto soft = softmax(candidates, scores, temperature);
    const auto teacher =
        softmax(candidates,
                scores_of(&teacher_states[r * teacher_dim], teacher_items, teacher_dim),
                temperature);
    const auto target = static_cast<std::size_t>(problem.targets[r]);
    result.value[0] -= (1.0 - weight) * std::log(probs[target]) / rows;
    for (std::size_t v = 1; v < scores.size(); ++v) {
      if (teacher[v] > 0.0) {
        result.value[0] +=
            weight * temperature * temperature * teacher[v] * std::log(teacher[v] / soft[v]) / rows;
      }
      const double grad = factor *
                          ((1.0 - weight) * (probs[v] - (v == target ? 1.0 : 0.0)) +
                           weight * temperature * (soft[v] - teacher[v])) /
                          rows;
      for (std::size_t j = 0; j < dim; ++j) {
        result.grads[0][r * dim + j] += grad * table[v * dim + j];
        result.grads[1][v * dim + j] += grad * hidden[r * dim + j];
      }
    }
  }
  return result;
}

void check_against_definition(const Problem& problem, double tolerance = tolerance::kEqual) {
  const double factor = to_doubles(random_f64({}, 7))[0];
  const Differentiated want = by_definition(problem, factor);
  check_close(want, differentiate(loss_of(problem), problem.inputs), tolerance);
  const NoGrad no_grad;  // no gradients are computed then
  const Variable value =
      loss_of(problem)({Variable(problem.inputs[0]), Variable(problem.inputs[1])});
  CHECK(relative_error(want.value, to_doubles(value.value())) < tolerance);
}

TEST_CASE("distilled_cross_entropy: values by hand") {
  // The student's logits 0 and log 3, the teacher's log 2 and 0; the target is the second item.
  const Variable hidden = variable_of({1}, {1, 1});
  const Variable table = variable_of({1000, 0, std::log(3.0)}, {3, 1});
  const ops::TeacherScores teacher{tensor_of<double>({1}, {1, 1}),
                                   tensor_of<double>({500, std::log(2.0), 0}, {3, 1})};
  const double cross_entropy = std::log(4.0 / 3.0);
  const double divergence = 2.0 / 3.0 * std::log(8.0 / 3.0) + 1.0 / 3.0 * std::log(4.0 / 9.0);
  for (const double weight : {0.0, 0.25, 1.0}) {
    const Variable loss =
        ops::distilled_cross_entropy(hidden, table, int_tensor({2}), {}, teacher, {weight, 1.0});
    CHECK(to_doubles(loss.value())[0] ==
          doctest::Approx((1 - weight) * cross_entropy + weight * divergence));
  }
}

TEST_CASE("distilled_cross_entropy: equals its definition over explicit scores") {
  for (const double temperature : {1.0, 2.5, 0.5}) {
    for (const auto& [rows, items, dim] : {std::array{1, 1, 1},
                                           std::array{1, 2, 1},
                                           std::array{3, 7, 5},
                                           std::array{64, 127, 4},
                                           std::array{65, 128, 3},
                                           std::array{70, 33, 8}}) {
      CAPTURE(temperature);
      CAPTURE(rows);
      CAPTURE(items);
      check_against_definition(problem_of(rows, items, dim, temperature));
      check_against_definition(with_left_out(problem_of(rows, items, dim, temperature), items));
    }
  }
}

// Slabs of 64 rows, once there are more than 2^21 / 64 items.
TEST_CASE("distilled_cross_entropy: several slabs of rows") {
  const std::int32_t items = (1 << 15) + 5;
  check_against_definition(with_left_out(problem_of(64 + 3, items, 2, 2.0), items),
                           tolerance::kEqualDeep);
}

TEST_CASE("distilled_cross_entropy: gradients match finite differences") {
  for (const double temperature : {1.0, 3.0}) {
    const Problem problem = with_left_out(problem_of(5, 7, 3, temperature), 7);
    check_function(loss_of(problem), problem.inputs);
  }
}

TEST_CASE("distilled_cross_entropy: without weight it is the cross-entropy, to rounding") {
  Problem problem = with_left_out(problem_of(20, 30, 4, 1.0), 30);
  problem.settings.weight = 0.0;
  check_equal(
      [&](const auto& in) {
        return ops::linear_cross_entropy(
            in[0], in[1], int_tensor(problem.targets), problem.excluded());
      },
      loss_of(problem),
      problem.inputs);
}

TEST_CASE("distilled_cross_entropy: a student with the teacher's scores has no divergence") {
  Problem problem = with_left_out(problem_of(20, 30, 4, 2.0), 30);
  problem.teacher = {problem.inputs[0], problem.inputs[1]};
  problem.settings.weight = 1.0;
  const Differentiated result = differentiate(loss_of(problem), problem.inputs);
  CHECK(std::abs(result.value[0]) < 1e-13);
  for (const std::vector<double>& grad : result.grads) {
    CHECK(std::all_of(grad.begin(), grad.end(), [](double g) { return std::abs(g) < 1e-13; }));
  }
}

TEST_CASE("distilled_cross_entropy: scores far apart, also those of items left out") {
  for (const double score : {1e4, -1e4}) {
    CAPTURE(score);
    const Variable hidden = variable_of({1}, {1, 1}, true);
    const Variable table = variable_of({0, score, 0, std::log(3.0)}, {4, 1}, true);
    const ops::TeacherScores teacher{tensor_of<double>({1}, {1, 1}),
                                     tensor_of<double>({0, -score, std::log(2.0), 0}, {4, 1})};
    const RowLists excluded{int_tensor({1}), int_tensor({0}), int_tensor({1})};
    const Variable loss =
        ops::distilled_cross_entropy(hidden, table, int_tensor({3}), excluded, teacher, {0.5, 1.0});
    const double divergence = 2.0 / 3.0 * std::log(8.0 / 3.0) + 1.0 / 3.0 * std::log(4.0 / 9.0);
    CHECK(to_doubles(loss.value())[0] ==
          doctest::Approx(0.5 * std::log(4.0 / 3.0) + 0.5 * divergence));
    backward(loss);
    CHECK(to_doubles(table.grad())[0] == 0.0);
    CHECK(to_doubles(table.grad())[1] == 0.0);
  }
}

TEST_CASE("distilled_cross_entropy: float32 stays close to float64") {
  const Problem problem = with_left_out(problem_of(20, 50, 4, 1.5), 50);
  check_float32(
      [&](const auto& in) {
        const DType dtype = in[0].value().dtype();
        const auto narrow = [dtype](const Tensor& tensor) {
          const std::vector<double> values = to_doubles(tensor);
          return make_tensor(values, tensor.shape(), dtype);
        };
        return ops::distilled_cross_entropy(
            in[0],
            in[1],
            int_tensor(problem.targets),
            problem.excluded(),
            {narrow(problem.teacher.states), narrow(problem.teacher.items)},
            problem.settings);
      },
      problem.inputs,
      tolerance::kFloat32Deep);
}

TEST_CASE("distilled_cross_entropy: the same bits at one and two threads") {
  if (!on_cpu()) {
    return;
  }
  const Problem problem = with_left_out(problem_of(200, 3000, 8, 2.0), 3000);
  const auto results = [&](int threads) {
    const Threads scope(threads);
    return differentiate(loss_of(problem), problem.inputs);
  };
  const Differentiated one = results(1);
  const Differentiated two = results(2);
  CHECK(one.value == two.value);
  CHECK(one.grads == two.grads);
}

TEST_CASE("distilled_cross_entropy: shapes that do not fit are refused") {
  const Problem problem = problem_of(4, 6, 3, 1.0);
  const auto call = [&](const ops::TeacherScores& teacher,
                        const std::vector<std::int32_t>& targets) {
    ops::distilled_cross_entropy(Variable(problem.inputs[0]),
                                 Variable(problem.inputs[1]),
                                 int_tensor(targets),
                                 {},
                                 teacher,
                                 {});
  };
  CHECK_THROWS_AS(call(problem.teacher, {1, 2}), ShapeError);
  CHECK_THROWS_AS(call({random_f64({3, 3}, 1), problem.teacher.items}, problem.targets),
                  ShapeError);
  CHECK_THROWS_AS(call({random_f64({4, 2}, 1), problem.teacher.items}, problem.targets),
                  ShapeError);
  CHECK_THROWS_AS(call({problem.teacher.states, random_f64({6, 3}, 1)}, problem.targets),
                  ShapeError);
}

}  // namespace
}  // namespace elastic::distilled_cross_entropy_test

#include "autograd/ops/sampled_cross_entropy.h"

#include <numeric>

#include "autograd/op_checks.h"
#include "autograd/ops/linear_cross_entropy.h"
#include "tensor/kernel_book.h"

namespace elastic::sampled_cross_entropy_test {
namespace {

constexpr SampledLoss kSoftmax{SampledLoss::Kind::kSoftmax, 1.0};
constexpr SampledLoss kBinary{SampledLoss::Kind::kBinary, 1.0};
constexpr SampledLoss kWeighted{SampledLoss::Kind::kBinary, 0.3, 0.25};

struct Problem {
  std::vector<Tensor> inputs;  // hidden, table
  std::vector<std::int32_t> targets;
  std::vector<std::int32_t> sampled;
  std::vector<double> log_counts;                    // of all items; empty: none
  std::vector<std::vector<std::int32_t>> exclusion;  // places, for each owner; row r has r % size

  [[nodiscard]] SampledItems items(DType dtype) const {
    SampledItems result;
    result.rows = int_tensor(sampled);
    const auto counts_of = [&](const std::vector<std::int32_t>& items) {
      std::vector<double> counts;
      for (const std::int32_t item : items) {
        counts.push_back(log_counts[static_cast<std::size_t>(item)]);
      }
      return make_tensor(counts, {static_cast<std::int64_t>(counts.size())}, dtype);
    };
    if (!log_counts.empty()) {
      result.log_counts = counts_of(sampled);
      result.target_log_counts = counts_of(targets);
    }
    if (!exclusion.empty()) {
      std::vector<std::int32_t> places;
      std::vector<std::int32_t> begins_of;
      for (const auto& of_owner : exclusion) {
        begins_of.push_back(static_cast<std::int32_t>(places.size()));
        places.insert(places.end(), of_owner.begin(), of_owner.end());
      }
      std::vector<std::int32_t> begins;
      std::vector<std::int32_t> counts;
      for (std::size_t r = 0; r < targets.size(); ++r) {
        const std::size_t owner = r % exclusion.size();
        begins.push_back(begins_of[owner]);
        counts.push_back(static_cast<std::int32_t>(exclusion[owner].size()));
      }
      result.excluded = {int_tensor(places), int_tensor(begins), int_tensor(counts)};
    }
    return result;
  }
};

// Items drawn with repetition; three owners, of which one leaves nothing out.
Problem problem_of(
    std::int64_t rows, std::int32_t items, std::int64_t dim, std::int64_t count, bool corrected) {
  Problem problem{{random_f64({rows, dim}, 1), random_f64({items + 1, dim}, 2)},
                  random_ids(rows, 1, items, 3),
                  random_ids(count, 1, items, 4),
                  {},
                  {}};
  if (corrected) {
    problem.log_counts = to_doubles(random_f64({items + 1}, 5));
  }
  const auto last = static_cast<std::int32_t>(count - 1);
  problem.exclusion = {{0}, {}, {last / 2, last}};
  if (last == 0) {
    problem.exclusion[2] = {0};
  } else if (last / 2 == last) {
    problem.exclusion[2] = {last};
  }
  return problem;
}

TensorFunction loss_of(const Problem& problem, const SampledLoss& kind) {
  return [&problem, kind](const auto& in) {
    return ops::sampled_cross_entropy(
        in[0], in[1], int_tensor(problem.targets), problem.items(in[0].value().dtype()), kind);
  };
}

double softplus(double x) {
  return std::log1p(std::exp(x));
}

// The definition, row by row; gradients of the loss times `weight`.
Differentiated naive(const Problem& problem, const SampledLoss& kind, double weight) {
  const std::vector<double> hidden = to_doubles(problem.inputs[0]);
  const std::vector<double> table = to_doubles(problem.inputs[1]);
  const auto dim = static_cast<std::size_t>(problem.inputs[0].cols());
  const std::size_t rows = problem.targets.size();
  Differentiated result{{0.0},
                        {std::vector<double>(hidden.size()), std::vector<double>(table.size())}};
  for (std::size_t r = 0; r < rows; ++r) {
    std::vector<std::size_t> compared;  // the target first
    compared.push_back(static_cast<std::size_t>(problem.targets[r]));
    const auto& excluded = problem.exclusion[r % problem.exclusion.size()];
    for (std::size_t j = 0; j < problem.sampled.size(); ++j) {
      if (std::find(excluded.begin(), excluded.end(), static_cast<std::int32_t>(j)) ==
          excluded.end()) {
        compared.push_back(static_cast<std::size_t>(problem.sampled[j]));
      }
    }
    if (compared.size() == 1) {
      continue;
    }
    std::vector<double> scores;
    for (const std::size_t item : compared) {
      double score = problem.log_counts.empty() ? 0.0 : -problem.log_counts[item];
      for (std::size_t d = 0; d < dim; ++d) {
        score += hidden[r * dim + d] * table[item * dim + d];
      }
      scores.push_back(score);
    }
    std::vector<double> grads(scores.size());
    double loss = 0.0;
    if (kind.kind == SampledLoss::Kind::kSoftmax) {
      double sum = 0.0;
      for (const double score : scores) {
        sum += std::exp(score);
      }
      loss = std::log(sum) - scores[0];
      for (std::size_t i = 0; i < scores.size(); ++i) {
        grads[i] = std::exp(scores[i]) / sum - (i == 0 ? 1.0 : 0.0);
      }
    } else {
      const auto share =
          1.0 / (1.0 + kind.negative_weight * static_cast<double>(scores.size() - 1));
      for (std::size_t i = 0; i < scores.size(); ++i) {
        const double factor = i == 0 ? kind.target_power : kind.negative_weight;
        const double sign = i == 0 ? -1.0 : 1.0;
        loss += share * factor * softplus(sign * scores[i]);
        grads[i] = share * factor * sign / (1.0 + std::exp(-sign * scores[i]));
      }
    }
    result.value[0] += loss / static_cast<double>(rows);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const double grad = weight * grads[i] / static_cast<double>(rows);
      for (std::size_t d = 0; d < dim; ++d) {
        result.grads[0][r * dim + d] += grad * table[compared[i] * dim + d];
        result.grads[1][compared[i] * dim + d] += grad * hidden[r * dim + d];
      }
    }
  }
  return result;
}

void check_against_naive(const Problem& problem, const SampledLoss& kind) {
  const double weight = to_doubles(random_f64({}, 7))[0];
  check_close(naive(problem, kind, weight),
              differentiate(loss_of(problem, kind), problem.inputs),
              tolerance::kEqualDeep);
  const NoGrad no_grad;  // without gradients the kernel takes another path
  const Variable value =
      loss_of(problem, kind)({Variable(problem.inputs[0]), Variable(problem.inputs[1])});
  CHECK(relative_error(naive(problem, kind, 1.0).value, to_doubles(value.value())) <
        tolerance::kEqualDeep);
}

TEST_CASE("sampled_cross_entropy: values by hand") {
  // Scores 0 and log 3, the target the second.
  const Variable hidden = variable_of({1}, {1, 1});
  const Variable table = variable_of({1000, 0, std::log(3.0)}, {3, 1});
  SampledItems sampled;
  sampled.rows = int_tensor({1});
  const auto loss = [&](const SampledLoss& kind) {
    return to_doubles(
        ops::sampled_cross_entropy(hidden, table, int_tensor({2}), sampled, kind).value())[0];
  };
  CHECK(loss(kSoftmax) == doctest::Approx(std::log(4.0 / 3.0)));
  // -log sigmoid(log 3) = log(4 / 3), -log(1 - sigmoid(0)) = log 2; their mean.
  CHECK(loss(kBinary) == doctest::Approx((std::log(4.0 / 3.0) + std::log(2.0)) / 2.0));
  CHECK(loss(kWeighted) ==
        doctest::Approx((0.3 * std::log(4.0 / 3.0) + 0.25 * std::log(2.0)) / 1.25));
  // Expected counts 2 of the item and 3 of the target: e^c = 1 / 2 and 1.
  sampled.log_counts = tensor_of<double>({std::log(2.0)}, {1});
  sampled.target_log_counts = tensor_of<double>({std::log(3.0)}, {1});
  CHECK(loss(kSoftmax) == doctest::Approx(std::log(1.5)));
}

TEST_CASE("sampled_cross_entropy: equals its definition, naively") {
  for (const SampledLoss& kind : {kSoftmax, kBinary, kWeighted}) {
    for (const bool corrected : {false, true}) {
      if (test_is_brief() && !corrected) {
        continue;
      }
      // Blocks of 64 rows, chunks of two of them; more than 512 items multiply in two parts.
      for (const auto& [rows, items, dim, count] : {std::array{1, 2, 1, 1},
                                                    std::array{3, 7, 5, 4},
                                                    std::array{64, 20, 4, 33},
                                                    std::array{65, 5, 3, 64},
                                                    std::array{130, 90, 8, 17},
                                                    std::array{300, 12, 2, 130},
                                                    std::array{3, 700, 3, 1100}}) {
        CAPTURE(corrected);
        CAPTURE(rows);
        CAPTURE(count);
        check_against_naive(problem_of(rows, items, dim, count, corrected), kind);
      }
    }
  }
}

TEST_CASE("sampled_cross_entropy: with every other item in the sample it is the full softmax") {
  constexpr std::int32_t kItems = 9;
  Problem problem = problem_of(kItems, kItems, 4, 1, false);
  problem.sampled.resize(kItems);
  std::iota(problem.sampled.begin(), problem.sampled.end(), 1);
  problem.targets = problem.sampled;
  problem.exclusion.clear();
  for (std::int32_t place = 0; place < kItems; ++place) {
    problem.exclusion.push_back({place});
  }
  check_equal(
      [&](const auto& in) {
        return ops::linear_cross_entropy(in[0], in[1], int_tensor(problem.targets));
      },
      loss_of(problem, kSoftmax),
      problem.inputs);
}

TEST_CASE("sampled_cross_entropy: gradient matches finite differences") {
  for (const SampledLoss& kind : {kSoftmax, kBinary, kWeighted}) {
    for (const auto& [rows, items, dim, count] :
         {std::array{1, 2, 1, 1}, std::array{5, 7, 3, 6}, std::array{67, 4, 2, 9}}) {
      const Problem problem = problem_of(rows, items, dim, count, /*corrected=*/true);
      check_function(loss_of(problem, kind), problem.inputs);
    }
  }
}

TEST_CASE("sampled_cross_entropy: a row without sampled items has loss 0") {
  for (const SampledLoss& kind : {kSoftmax, kBinary, kWeighted}) {
    Problem problem = problem_of(2, 6, 3, 4, /*corrected=*/true);
    problem.exclusion = {{0, 1, 2, 3}, {}};
    const Differentiated result = differentiate(loss_of(problem, kind), problem.inputs);
    CHECK(std::vector<double>(result.grads[0].begin(), result.grads[0].begin() + 3) ==
          std::vector<double>(3, 0.0));
    check_against_naive(problem, kind);
    problem.exclusion = {{0, 1, 2, 3}};
    const Differentiated nothing = differentiate(loss_of(problem, kind), problem.inputs);
    CHECK(nothing.value[0] == 0.0);
    for (const std::vector<double>& grad : nothing.grads) {
      CHECK(grad == std::vector<double>(grad.size(), 0.0));
    }
  }
}

TEST_CASE("sampled_cross_entropy: items that are neither sampled nor targets get no gradient") {
  Problem problem = problem_of(5, 40, 3, 6, false);
  const Differentiated result = differentiate(loss_of(problem, kSoftmax), problem.inputs);
  for (std::int32_t item = 0; item <= 40; ++item) {
    const auto named = [&](const std::vector<std::int32_t>& list) {
      return std::find(list.begin(), list.end(), item) != list.end();
    };
    const auto begin = result.grads[1].begin() + 3 * item;
    CHECK(std::all_of(begin, begin + 3, [](double value) { return value == 0.0; }) ==
          (!named(problem.targets) && !named(problem.sampled)));
  }
}

TEST_CASE("sampled_cross_entropy: large scores neither overflow nor lose the gradient") {
  const Variable table = variable_of({0, 1, -1, 0.5}, {4, 1}, true);
  for (const SampledLoss& kind : {kSoftmax, kBinary}) {
    const Variable hidden = variable_of({1000, -1000}, {2, 1}, true);
    SampledItems sampled;
    sampled.rows = int_tensor({2, 3});
    const Variable loss =
        ops::sampled_cross_entropy(hidden, table, int_tensor({1, 1}), sampled, kind);
    // Row 0 is right but for item 3's 500 (binary); row 1 has scores -1000, 1000 and -500.
    CHECK(to_doubles(loss.value())[0] ==
          doctest::Approx(kind.kind == SampledLoss::Kind::kSoftmax
                              ? 2000.0 / 2.0
                              : (500.0 / 3.0 + (1000.0 + 1000.0) / 3.0) / 2.0));
    backward(loss);
    for (const double grad : to_doubles(hidden.grad())) {
      CHECK(std::isfinite(grad));
    }
    CHECK(to_doubles(hidden.grad())[1] < -0.3);
  }
}

TEST_CASE("sampled_cross_entropy: the same bits at one, two and three threads") {
  if (!on_cpu()) {
    return;
  }
  const Problem problem = problem_of(9 * 64 + 5, 300, 16, 200, /*corrected=*/true);
  for (const SampledLoss& kind : {kSoftmax, kBinary}) {
    std::vector<Differentiated> results;
    for (const int count : {1, 2, 3}) {
      const Threads threads(count);
      results.push_back(differentiate(loss_of(problem, kind), problem.inputs));
    }
    for (const Differentiated& result : results) {
      CHECK(result.value == results[0].value);
      CHECK(result.grads == results[0].grads);
    }
  }
}

TEST_CASE("sampled_cross_entropy: float32 stays close to float64") {
  for (const SampledLoss& kind : {kSoftmax, kBinary}) {
    const Problem problem = problem_of(70, 300, 8, 90, /*corrected=*/true);
    check_float32(loss_of(problem, kind), problem.inputs, tolerance::kFloat32Deep);
  }
}

TEST_CASE("sampled_cross_entropy: the kernel book counts a product forward and two backward") {
  const Problem problem = problem_of(7, 30, 5, 11, false);
  KernelBook book(test_device());
  differentiate(loss_of(problem, kSoftmax), problem.inputs);
  CHECK(book.uses().at("sampled_cross_entropy").flops == 6.0 * 7 * 5 * (11 + 1));
}

TEST_CASE("sampled_cross_entropy: refuses sizes that do not fit, no rows and no items") {
  const auto call = [](const Shape& hidden, const Shape& table, std::int64_t targets, bool some) {
    return message_of([&] {
      SampledItems sampled;
      sampled.rows = int_tensor(std::vector<std::int32_t>(some ? 2 : 0, 1));
      ops::sampled_cross_entropy(
          Variable(random_f64(hidden, 1)),
          Variable(random_f64(table, 1)),
          int_tensor(std::vector<std::int32_t>(static_cast<std::size_t>(targets), 1)),
          sampled,
          kSoftmax);
    });
  };
  CHECK(call({2, 3}, {5, 4}, 2, true) ==
        "sampled_cross_entropy: hidden [2, 3] and table [5, 4] do not fit");
  CHECK(call({2, 3}, {5, 3}, 1, true) == "sampled_cross_entropy: 1 targets for hidden [2, 3]");
  CHECK(call({0, 3}, {5, 3}, 0, true) == "sampled_cross_entropy: 0 targets for hidden [0, 3]");
  CHECK(call({2, 3}, {5, 3}, 2, false) ==
        "sampled_cross_entropy: expected sampled items, got none");
  Problem problem = problem_of(2, 6, 3, 4, true);
  const auto refused = [&](const std::function<void(SampledItems&)>& change) {
    SampledItems sampled = problem.items(DType::kFloat64);
    change(sampled);
    return message_of([&] {
      ops::sampled_cross_entropy(Variable(problem.inputs[0]),
                                 Variable(problem.inputs[1]),
                                 int_tensor(problem.targets),
                                 sampled,
                                 kSoftmax);
    });
  };
  CHECK(refused([](SampledItems&) {}).empty());
  CHECK(refused([](SampledItems& s) { s.target_log_counts = {}; }) ==
        "sampled_cross_entropy: expected a count for each of 4 items and 2 targets, or none");
  CHECK(refused([](SampledItems& s) { s.excluded.counts = int_tensor({0}); }) ==
        "sampled_cross_entropy: expected a list of left-out items for each of 2 rows");
}

}  // namespace
}  // namespace elastic::sampled_cross_entropy_test

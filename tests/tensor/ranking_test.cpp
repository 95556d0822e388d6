#include "tensor/kernels/ranking.h"

#include "tensor/backend.h"
#include "tensor/tensor_values.h"

namespace elastic {
namespace {

// A ranking problem: hidden [R, D], table [V + 1, D], each row's target and excluded items.
struct Problem {
  Tensor hidden;
  Tensor table;
  std::vector<std::int32_t> targets;
  std::vector<std::vector<std::int32_t>> excluded;

  [[nodiscard]] std::int64_t rows() const { return hidden.rows(); }
  [[nodiscard]] std::int32_t items() const { return static_cast<std::int32_t>(table.rows() - 1); }
  [[nodiscard]] Segments segments() const {
    std::vector<std::int32_t> lengths;
    for (const auto& ids : excluded) {
      lengths.push_back(static_cast<std::int32_t>(ids.size()));
    }
    return segments_of(lengths);
  }
  [[nodiscard]] Tensor excluded_ids() const {
    std::vector<std::int32_t> all;
    for (const auto& ids : excluded) {
      all.insert(all.end(), ids.begin(), ids.end());
    }
    return int_tensor(all);
  }
  [[nodiscard]] bool is_excluded(std::int64_t row, std::int32_t item) const {
    const auto& ids = excluded[static_cast<std::size_t>(row)];
    return std::find(ids.begin(), ids.end(), item) != ids.end();
  }
};

// Scores of every row and item, from one copy on the host.
class Scores {
 public:
  explicit Scores(const Problem& problem)
      : hidden_(to_doubles(problem.hidden)),
        table_(to_doubles(problem.table)),
        dim_(static_cast<std::size_t>(problem.hidden.cols())) {}

  double operator()(std::int64_t row, std::int32_t item) const {
    const std::size_t state = static_cast<std::size_t>(row) * dim_;
    const std::size_t vector = static_cast<std::size_t>(item) * dim_;
    double sum = 0.0;
    for (std::size_t j = 0; j < dim_; ++j) {
      sum += hidden_[state + j] * table_[vector + j];
    }
    return sum;
  }

 private:
  std::vector<double> hidden_;
  std::vector<double> table_;
  std::size_t dim_;
};

// Small whole numbers, so that scores are exact and many tie.
Problem tied_problem(std::int64_t rows, std::int32_t items, DType dtype, std::uint64_t seed) {
  const std::int64_t dim = 3;
  const auto numbers = [&](std::int64_t count, std::uint64_t purpose) {
    const std::vector<std::int32_t> ids = random_ids(count, -2, 2, seed * 10 + purpose);
    return std::vector<double>(ids.begin(), ids.end());
  };
  Problem problem{make_tensor(numbers(rows * dim, 1), {rows, dim}, dtype),
                  make_tensor(numbers((items + 1) * dim, 2), {items + 1, dim}, dtype),
                  random_ids(rows, 1, items, seed * 10 + 3),
                  {}};
  for (std::int64_t r = 0; r < rows; ++r) {
    std::vector<std::int32_t> ids = random_ids(
        r % 4 == 0 ? 0 : std::min<std::int64_t>(items / 2, 3 * r), 1, items, seed * 1000 + 4);
    if (r % 3 == 0) {
      ids.push_back(problem.targets[static_cast<std::size_t>(r)]);  // must not affect the target
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    problem.excluded.push_back(ids);
  }
  return problem;
}

std::vector<std::int32_t> ranks_of(const Problem& problem) {
  Tensor ranks({problem.rows()}, DType::kInt32, test_device());
  run(kernels::RankTargets{.hidden = problem.hidden,
                           .table = problem.table,
                           .targets = int_tensor(problem.targets),
                           .excluded = problem.segments(),
                           .excluded_ids = problem.excluded_ids(),
                           .ranks = ranks});
  return ranks.to_vector<std::int32_t>();
}

struct Best {
  std::vector<std::int32_t> ids;
  std::vector<double> scores;
};

Best top_of(const Problem& problem, std::int64_t k) {
  Tensor ids({problem.rows(), k}, DType::kInt32, test_device());
  Tensor scores({problem.rows(), k}, problem.hidden.dtype(), test_device());
  run(kernels::TopK{.hidden = problem.hidden,
                    .table = problem.table,
                    .excluded = problem.segments(),
                    .excluded_ids = problem.excluded_ids(),
                    .ids = ids,
                    .scores = scores});
  return {ids.to_vector<std::int32_t>(), to_doubles(scores)};
}

std::vector<std::int32_t> naive_ranks(const Problem& problem) {
  const Scores score(problem);
  std::vector<std::int32_t> ranks;
  for (std::int64_t r = 0; r < problem.rows(); ++r) {
    const std::int32_t target = problem.targets[static_cast<std::size_t>(r)];
    std::int32_t rank = 1;
    for (std::int32_t v = 1; v <= problem.items(); ++v) {
      const bool counts =
          v != target && !problem.is_excluded(r, v) && score(r, v) >= score(r, target);
      rank += counts ? 1 : 0;
    }
    ranks.push_back(rank);
  }
  return ranks;
}

Best naive_top(const Problem& problem, std::size_t k) {
  const Scores score(problem);
  Best best;
  for (std::int64_t r = 0; r < problem.rows(); ++r) {
    std::vector<std::pair<double, std::int32_t>> order;  // negated score, id
    for (std::int32_t v = 1; v <= problem.items(); ++v) {
      if (!problem.is_excluded(r, v)) {
        order.emplace_back(-score(r, v), v);
      }
    }
    std::sort(order.begin(), order.end());
    order.resize(k, {INFINITY, 0});
    for (const auto& [negated, id] : order) {
      best.ids.push_back(id);
      best.scores.push_back(-negated);
    }
  }
  return best;
}

// Item counts below, at and past the kernel's tile of 128 and its ranges of 2,048, rows below and
// past its block of 64.
const std::vector<std::pair<std::int64_t, std::int32_t>> kSizes{
    {1, 1}, {3, 7}, {2, 127}, {5, 128}, {4, 129}, {64, 50}, {65, 300}, {7, 9001}};

TEST_CASE("rank_targets: equals a count by hand, with ties and excluded items") {
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    for (const auto& [rows, items] : kSizes) {
      CAPTURE(rows);
      CAPTURE(items);
      const Problem problem = tied_problem(rows, items, dtype, 1);
      CHECK(ranks_of(problem) == naive_ranks(problem));
    }
  }
}

TEST_CASE("rank_targets: without excluded items") {
  Problem problem = tied_problem(9, 200, DType::kFloat32, 2);
  for (auto& ids : problem.excluded) {
    ids.clear();
  }
  CHECK(ranks_of(problem) == naive_ranks(problem));
  Tensor ranks({9}, DType::kInt32, test_device());
  run(kernels::RankTargets{.hidden = problem.hidden,
                           .table = problem.table,
                           .targets = int_tensor(problem.targets),
                           .excluded = problem.segments(),
                           .excluded_ids = Tensor(),
                           .ranks = ranks});
  CHECK(ranks.to_vector<std::int32_t>() == naive_ranks(problem));
}

TEST_CASE(
    "rank_targets: a constant table ranks the target last among the items that are not excluded") {
  const std::int32_t items = 150;
  Problem problem{
      random_tensor({2, 4}, 1, DType::kFloat32),
      make_tensor(std::vector<double>((items + 1) * 4, 0.7), {items + 1, 4}, DType::kFloat32),
      {3, 140},
      {{1, 2, 100}, {}}};
  CHECK(ranks_of(problem) == std::vector<std::int32_t>{items - 3, items});
}

// The target's score is computed outside the tiles; a copy of its row must still tie.
TEST_CASE("rank_targets: copies of the target's row tie with it in float32 of any size") {
  for (const std::int64_t dim : {1, 7, 16, 64, 100, 257}) {
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      CAPTURE(dim);
      const std::int64_t rows = 70;
      std::vector<double> row = to_doubles(random_tensor({dim}, 3, dtype));
      std::vector<double> table;
      for (int v = 0; v < 131; ++v) {
        table.insert(table.end(), row.begin(), row.end());
      }
      const Problem problem{random_tensor({rows, dim}, 4, dtype),
                            make_tensor(table, {131, dim}, dtype),
                            random_ids(rows, 1, 130, 5),
                            std::vector<std::vector<std::int32_t>>(rows)};
      CHECK(ranks_of(problem) == std::vector<std::int32_t>(rows, 130));
    }
  }
}

TEST_CASE("rank_targets: a NaN score ranks above the target") {
  Problem problem{make_tensor({1.0, 1.0}, {2, 1}, DType::kFloat32),
                  make_tensor({0, 5, NAN, 1}, {4, 1}, DType::kFloat32),
                  {1, 2},
                  {{}, {}}};
  CHECK(ranks_of(problem) == std::vector<std::int32_t>{2, 3});
}

TEST_CASE("rank_targets: a row ranks the same alone and among others") {
  const Problem problem = tied_problem(70, 140, DType::kFloat32, 6);
  const std::vector<std::int32_t> all = ranks_of(problem);
  for (const std::size_t r : {0UL, 1UL, 63UL, 64UL, 69UL}) {
    const auto row = static_cast<std::int64_t>(r);
    const Problem alone{problem.hidden.slice(row, row + 1),
                        problem.table,
                        {problem.targets[r]},
                        {problem.excluded[r]}};
    CHECK(ranks_of(alone).front() == all[r]);
  }
}

TEST_CASE("top_k: equals a full sort, ties by the smaller id, excluded items left out") {
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    for (const auto& [rows, items] : kSizes) {
      for (const std::int64_t k : {1, 5, 20}) {
        CAPTURE(rows);
        CAPTURE(items);
        CAPTURE(k);
        const Problem problem = tied_problem(rows, items, dtype, 7);
        const Best got = top_of(problem, k);
        const Best want = naive_top(problem, static_cast<std::size_t>(k));
        CHECK(got.ids == want.ids);
        CHECK(got.scores == want.scores);
      }
    }
  }
}

TEST_CASE("top_k: fewer than k items are padded with id 0 and -inf") {
  const Problem problem{make_tensor({1.0}, {1, 1}, DType::kFloat32),
                        make_tensor({9, 1, 3, 2}, {4, 1}, DType::kFloat32),
                        {1},
                        {{2}}};
  const Best best = top_of(problem, 4);
  CHECK(best.ids == std::vector<std::int32_t>{3, 1, 0, 0});
  CHECK(best.scores == std::vector<double>{2, 1, -INFINITY, -INFINITY});
}

TEST_CASE("top_k: if all items are excluded, only padding remains") {
  const Problem problem{make_tensor({1.0}, {1, 1}, DType::kFloat32),
                        make_tensor({9, 1, 3}, {3, 1}, DType::kFloat32),
                        {1},
                        {{1, 2}}};
  CHECK(top_of(problem, 2).ids == std::vector<std::int32_t>{0, 0});
}

TEST_CASE("top_k: scores that are not numbers come last") {
  const Problem problem{make_tensor({1.0}, {1, 1}, DType::kFloat32),
                        make_tensor({0, 1, NAN, 2, NAN}, {5, 1}, DType::kFloat32),
                        {1},
                        {{}}};
  const Best best = top_of(problem, 2);
  CHECK(best.ids == std::vector<std::int32_t>{3, 1});
  CHECK(best.scores == std::vector<double>{2, 1});
}

TEST_CASE("top_k: a constant table gives the smallest ids") {
  Problem problem{random_tensor({1, 4}, 8, DType::kFloat32),
                  make_tensor(std::vector<double>(301 * 4, -0.3), {301, 4}, DType::kFloat32),
                  {1},
                  {{2, 4}}};
  CHECK(top_of(problem, 5).ids == std::vector<std::int32_t>{1, 3, 5, 6, 7});
}

TEST_CASE("ranking: rounded factors of products change neither ranks nor scores") {
  Problem problem{random_tensor({70, 40}, 1, DType::kFloat32),
                  random_tensor({301, 40}, 2, DType::kFloat32),
                  random_ids(70, 1, 300, 3),
                  std::vector<std::vector<std::int32_t>>(70)};
  const auto in = [&](Precision precision) {
    test_backend().set_precision(precision);
    return std::pair{ranks_of(problem), top_of(problem, 20)};
  };
  const auto [want_ranks, want_best] = in(Precision::kFp32);
  try {
    const auto [ranks, best] = in(Precision::kBf16);
    CHECK(ranks == want_ranks);
    CHECK(best.ids == want_best.ids);
    CHECK(best.scores == want_best.scores);
  } catch (const UsageError& error) {
    std::printf("skipped: %s\n", error.what());
  }
  test_backend().set_precision(test_precision());
}

}  // namespace
}  // namespace elastic

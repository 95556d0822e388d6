#include "tensor/kernels/routing.h"

#include "tensor/tensor_values.h"

namespace elastic {
namespace {

std::vector<double> unit_sum_of(const std::vector<double>& a, const std::vector<double>& b) {
  const auto norm = [](const std::vector<double>& x) {
    double squares = 0.0;
    for (const double value : x) {
      squares += value * value;
    }
    return std::sqrt(squares) + 1e-12;
  };
  std::vector<double> result;
  for (std::size_t j = 0; j < a.size(); ++j) {
    result.push_back(a[j] / norm(a) + b[j] / norm(b));
  }
  return result;
}

// Products of all rows [T H, Dh] with the centroids [H, C, Dh] of their head.
std::vector<std::vector<double>> products(const Tensor& x, const Tensor& centroids) {
  const std::vector<double> rows = to_doubles(x);
  const std::vector<double> table = to_doubles(centroids);
  const auto heads = static_cast<std::size_t>(centroids.shape()[0]);
  const auto count = static_cast<std::size_t>(centroids.shape()[1]);
  const auto dim = static_cast<std::size_t>(centroids.shape()[2]);
  std::vector<std::vector<double>> result;
  for (std::size_t row = 0; row * dim < rows.size(); ++row) {
    std::vector<double> scores;
    for (std::size_t c = row % heads * count; c < (row % heads + 1) * count; ++c) {
      double sum = 0.0;
      for (std::size_t j = 0; j < dim; ++j) {
        sum += rows[row * dim + j] * table[c * dim + j];
      }
      scores.push_back(sum);
    }
    result.push_back(scores);
  }
  return result;
}

std::vector<std::int32_t> nearest(const Tensor& x, const Tensor& centroids) {
  Tensor result({x.rows()}, DType::kInt32, test_device());
  run(kernels::NearestCentroids{x, centroids, result});
  return result.to_vector<std::int32_t>();
}

struct Members {
  std::vector<std::int32_t> rows;
  std::vector<std::int32_t> owners;
};

Members members(const Tensor& x,
                const Tensor& centroids,
                const Segments& segments,
                const Segments& lists) {
  Tensor rows({lists.num_tokens()}, DType::kInt32, test_device());
  Tensor owners({lists.num_tokens()}, DType::kInt32, test_device());
  run(kernels::CentroidMembers{.x = x,
                               .centroids = centroids,
                               .segments = segments,
                               .members = lists,
                               .rows = rows,
                               .owners = owners});
  return {rows.to_vector<std::int32_t>(), owners.to_vector<std::int32_t>()};
}

// Each list by sorting all of a segment's tokens.
Members naive_members(const Tensor& x,
                      const Tensor& centroids,
                      const Segments& segments,
                      const Segments& lists) {
  const std::vector<std::vector<double>> scores = products(x, centroids);
  const auto heads = static_cast<std::int32_t>(centroids.shape()[0]);
  const auto count = static_cast<std::int32_t>(centroids.shape()[1]);
  Members result;
  for (std::int64_t list = 0; list < lists.size(); ++list) {
    const auto owner = static_cast<std::int32_t>(list % (heads * count));
    const std::int64_t b = list / (heads * count);
    std::vector<std::int32_t> rows;
    for (std::int32_t t = segments.begin(b); t < segments.end(b); ++t) {
      rows.push_back(t * heads + owner / count);
    }
    std::stable_sort(rows.begin(), rows.end(), [&](std::int32_t i, std::int32_t j) {
      const auto c = static_cast<std::size_t>(owner % count);
      return scores[static_cast<std::size_t>(i)][c] > scores[static_cast<std::size_t>(j)][c];
    });
    rows.resize(static_cast<std::size_t>(lists.length(list)));
    std::sort(rows.begin(), rows.end());
    result.rows.insert(result.rows.end(), rows.begin(), rows.end());
    result.owners.insert(result.owners.end(), rows.size(), owner);
  }
  return result;
}

// Lists of ceil(n / share) rows, for each head and centroid.
Segments lists_of(const Segments& segments, std::int64_t heads, std::int64_t count, int share) {
  std::vector<std::int32_t> lengths;
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    lengths.insert(lengths.end(),
                   static_cast<std::size_t>(heads * count),
                   (segments.length(b) + share - 1) / share);
  }
  return segments_of(lengths);
}

TEST_CASE("unit_sum: the sum of two unit vectors, zero for a zero vector") {
  for (const std::int64_t dim : {1, 3, 16, 37, 130}) {
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      CAPTURE(dim);
      const Tensor a = random_tensor({70, dim}, 1, dtype);
      const Tensor b = random_tensor({70, dim}, 2, dtype);
      Tensor out = empty_like(a);
      run(kernels::UnitSum{a, b, out});
      const std::vector<double> left = to_doubles(a);
      const std::vector<double> right = to_doubles(b);
      std::vector<double> want;
      for (std::int64_t i = 0; i < a.numel(); i += dim) {
        const std::vector<double> row = unit_sum_of({left.begin() + i, left.begin() + i + dim},
                                                    {right.begin() + i, right.begin() + i + dim});
        want.insert(want.end(), row.begin(), row.end());
      }
      CHECK(relative_error(want, to_doubles(out)) <
            (dtype == DType::kFloat32 ? 1e-6 : tolerance::kByHand));
    }
  }
  const Tensor zero = zeros({1, 2}, DType::kFloat64, test_device());
  const Tensor other = tensor_of<double>({3, -4}, {1, 2});
  Tensor out = empty_like(zero);
  run(kernels::UnitSum{zero, other, out});
  CHECK(relative_error({0.6, -0.8}, to_doubles(out)) < 1e-11);
}

TEST_CASE("nearest_centroids: the largest product of the row's own head") {
  struct Case {
    std::int64_t tokens, heads, count, dim;
  };
  for (const Case& c : std::vector<Case>{
           {1, 1, 1, 1}, {5, 2, 3, 4}, {130, 3, 65, 33}, {64, 1, 200, 70}, {67, 2, 15, 8}}) {
    CAPTURE(c.tokens);
    const Tensor x = random_tensor({c.tokens * c.heads, c.dim}, 1, DType::kFloat64);
    const Tensor centroids = random_tensor({c.heads, c.count, c.dim}, 2, DType::kFloat64);
    const std::vector<std::vector<double>> scores = products(x, centroids);
    std::vector<std::int32_t> want;
    for (std::size_t row = 0; row < scores.size(); ++row) {
      const auto best = std::max_element(scores[row].begin(), scores[row].end());
      want.push_back(static_cast<std::int32_t>(static_cast<std::int64_t>(row) % c.heads * c.count +
                                               (best - scores[row].begin())));
    }
    CHECK(nearest(x, centroids) == want);
  }
}

TEST_CASE("nearest_centroids: ties and NaN rows choose the first centroid") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor x = make_tensor({1, 1, -1, 2, nan, 1, 0, 0}, {4, 2}, dtype);
    const Tensor centroids = make_tensor({0, 1, 1, 0, 0, 1, 1, 0, 0, 1}, {1, 5, 2}, dtype);
    CHECK(nearest(x, centroids) == std::vector<std::int32_t>{0, 0, 0, 0});
  }
}

TEST_CASE("centroid_members: the largest products of each segment, in the order of time") {
  struct Case {
    std::vector<std::int32_t> lengths;
    std::int64_t heads, count, dim;
    int share;
  };
  for (const Case& c : std::vector<Case>{{{1}, 1, 1, 1, 1},
                                         {{7, 1, 70, 2}, 2, 3, 4, 3},
                                         {{300, 513}, 2, 17, 5, 17},
                                         {{64, 65, 129}, 1, 70, 33, 4},
                                         {{5, 600}, 3, 2, 8, 1},
                                         {{40}, 1, 3, 70, 100}}) {
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      CAPTURE(c.lengths);
      const Segments segments = segments_of(c.lengths);
      const Segments lists = lists_of(segments, c.heads, c.count, c.share);
      // Small integers: many equal products, all exact.
      std::vector<double> values;
      for (const std::int32_t value :
           random_ids(segments.num_tokens() * c.heads * c.dim, -2, 2, 1)) {
        values.push_back(value);
      }
      const Tensor whole = make_tensor(values, {segments.num_tokens() * c.heads, c.dim}, dtype);
      const Tensor centroids = random_tensor({c.heads, c.count, c.dim}, 2, DType::kFloat64);
      std::vector<double> rounded = to_doubles(centroids);
      for (double& value : rounded) {
        value = std::round(value);
      }
      const Tensor table = make_tensor(rounded, centroids.shape(), dtype);
      const Members got = members(whole, table, segments, lists);
      const Members want = naive_members(whole, table, segments, lists);
      CHECK(got.rows == want.rows);
      CHECK(got.owners == want.owners);
    }
  }
}

TEST_CASE("centroid_members: NaN comes last; an empty segment has no members") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor x = make_tensor({nan, -3, nan, -1, 0, -0.0}, {6, 1}, dtype);
    const Tensor centroids = make_tensor({1}, {1, 1, 1}, dtype);
    const Segments segments = segments_of({4, 0, 2});
    CHECK(members(x, centroids, segments, segments_of({3, 0, 1})).rows ==
          std::vector<std::int32_t>{0, 1, 3, 4});
    CHECK(members(x, centroids, segments, segments_of({1, 0, 0})).rows ==
          std::vector<std::int32_t>{3});
  }
}

TEST_CASE("routing kernels: the same bits at one and at three threads") {
  if (!on_cpu()) {
    return;
  }
  const Tensor x = random_tensor({6000, 16}, 1, DType::kFloat32);
  const Tensor centroids = random_tensor({2, 40, 16}, 2, DType::kFloat32);
  const Segments segments = segments_of({2000, 1, 999});
  const Segments lists = lists_of(segments, 2, 40, 40);
  std::vector<std::vector<std::int32_t>> results;
  for (const int count : {1, 3}) {
    const Threads threads(count);
    std::vector<std::int32_t> result = nearest(x, centroids);
    const Members taken = members(x, centroids, segments, lists);
    result.insert(result.end(), taken.rows.begin(), taken.rows.end());
    results.push_back(result);
  }
  CHECK(results[0] == results[1]);
}

TEST_CASE("routing kernels: rounded factors of products do not change the choice") {
  const Tensor x = random_tensor({600, 16}, 1, DType::kFloat32);
  const Tensor centroids = random_tensor({2, 40, 16}, 2, DType::kFloat32);
  const Segments segments = segments_of({200, 100});
  const Segments lists = lists_of(segments, 2, 40, 40);
  const auto in = [&](Precision precision) {
    test_backend().set_precision(precision);
    return std::pair{nearest(x, centroids), members(x, centroids, segments, lists).rows};
  };
  const auto want = in(Precision::kFp32);
  try {
    const auto rounded = in(Precision::kBf16);  // outside of CHECK, which catches what it throws
    CHECK(rounded == want);
  } catch (const UsageError& error) {
    std::printf("skipped: %s\n", error.what());
  }
  test_backend().set_precision(test_precision());
}

TEST_CASE("move_centroids: unit vectors nearer to the members' mean; unchanged without members") {
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    Tensor centroids = make_tensor({1, 0, 0, 1, 0.6, 0.8, 1, 0}, {1, 4, 2}, dtype);
    const Tensor sums = make_tensor({0, 8, 5, 5, nan, 1, -4, 0}, {4, 2}, dtype);
    const Tensor counts = make_tensor({2, 0, 1, 1}, {4}, dtype);
    // 0.5 (1, 0) + 0.5 (0, 8) / 4 = (0.5, 1); no members; NaN; 0.5 (1, 0) - 0.5 (2, 0).
    run(kernels::MoveCentroids{sums, counts, 0.5, centroids});
    const double norm = std::sqrt(1.25);
    CHECK(relative_error({0.5 / norm, 1 / norm, 0, 1, 0.6, 0.8, -1, 0}, to_doubles(centroids)) <
          (dtype == DType::kFloat32 ? 1e-6 : tolerance::kByHand));
  }
}

TEST_CASE("divide_rows: divides each row by its divisor, zero for divisor 0, also in place") {
  Tensor x = tensor_of<double>({1, 2, 3, 4, 5, 6}, {3, 2});
  const Tensor divisors = tensor_of<double>({2, 0, -1}, {3});
  run(kernels::DivideRows{x, divisors, x});
  CHECK(to_doubles(x) == std::vector<double>{0.5, 1, 0, 0, -5, -6});
}

}  // namespace
}  // namespace elastic

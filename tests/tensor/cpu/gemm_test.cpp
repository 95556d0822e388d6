#include "tensor/cpu/gemm.h"

#include "tensor/cpu/product_forms.h"
#include "tensor/tensor_values.h"

namespace elastic::cpu {
namespace {

// Largest error of a product against a naive one in double, in units of the sum of magnitudes;
// infinite if elements outside c's columns changed.
template <class T>
double product_error(const Way& way, std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::vector<T> a = random_matrix<T>(m, k, 1);
  const std::vector<T> b = random_matrix<T>(k, n, 2);
  const std::int64_t ldc = n + 3;
  std::vector<T> c = random_matrix<T>(m, ldc, 3);
  const std::vector<T> before = c;
  product(way, m, n, k, a, b, c, ldc);
  double worst = 0.0;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < ldc; ++j) {
      const auto at = static_cast<std::size_t>(i * ldc + j);
      if (j >= n) {
        worst = c[at] == before[at] ? worst : INFINITY;
        continue;
      }
      double sum = way.accumulate ? static_cast<double>(before[at]) : 0.0;
      double magnitude = std::abs(sum) + 1.0;
      for (std::int64_t p = 0; p < k; ++p) {
        const double term = static_cast<double>(a[static_cast<std::size_t>(i * k + p)]) *
                            static_cast<double>(b[static_cast<std::size_t>(p * n + j)]);
        sum += term;
        magnitude += std::abs(term);
      }
      const double error = std::abs(sum - static_cast<double>(c[at])) / magnitude;
      worst = error <= worst ? worst : error;  // keeps a NaN
    }
  }
  return worst;
}

TEST_CASE_TEMPLATE("gemm: equals a naive product in every form and size", T, float, double) {
  if (!on_cpu()) {
    return;
  }
  const double tolerance = 4 * static_cast<double>(std::numeric_limits<T>::epsilon());
  // Around the register tile (6 or 12 rows), the panel and the depth block, and past them.
  const std::vector<std::array<std::int64_t, 3>> sizes{{1, 1, 1},
                                                       {1, 70, 3},
                                                       {2, 5, 7},
                                                       {6, 8, 16},
                                                       {7, 17, 1},
                                                       {12, 16, 64},
                                                       {13, 31, 33},
                                                       {23, 33, 9},
                                                       {48, 64, 5},
                                                       {49, 65, 70},
                                                       {70, 1, 69},
                                                       {70, 70, 70},
                                                       {5, 9, 255},
                                                       {6, 35, 256},
                                                       {11, 15, 257},
                                                       {50, 7, 300},
                                                       {3, 40, 513},
                                                       {64, 128, 64}};
  for (const auto& [m, n, k] : sizes) {
    for (std::size_t w = 0; w < kWays.size(); ++w) {
      CAPTURE(m);
      CAPTURE(n);
      CAPTURE(k);
      CAPTURE(w);
      CHECK(product_error<T>(kWays[w], m, n, k) < tolerance * std::sqrt(static_cast<double>(k)));
    }
  }
}

TEST_CASE("gemm: every odd size up to 70 is correct") {
  if (!on_cpu()) {
    return;
  }
  for (std::int64_t size = 1; size <= 70; ++size) {
    CAPTURE(size);
    const Way& way = kWays[static_cast<std::size_t>(size) % kWays.size()];
    CHECK(product_error<float>(way, size, 71 - size, 19) < 1e-6);
    CHECK(product_error<double>(way, 7, size, size) < 1e-14);
  }
}

TEST_CASE("gemm: a product of depth 0 is zero, or leaves an accumulated result unchanged") {
  if (!on_cpu()) {
    return;
  }
  std::vector<float> c{1, 2, 3, 4};
  const std::vector<float> none(1);
  gemm_unpacked<float>(1, 2, 0, row_major(none.data(), 0), none.data(), 2, c.data(), 2, true);
  CHECK(c == std::vector<float>{1, 2, 3, 4});
  gemm<float>(1, 2, 0, row_major(none.data(), 0), none.data(), c.data(), 2, false);
  CHECK(c == std::vector<float>{0, 0, 3, 4});
  gemm_unpacked<float>(2, 2, 0, row_major(none.data(), 0), none.data(), 2, c.data(), 2, false);
  CHECK(c == std::vector<float>{0, 0, 0, 0});
}

TEST_CASE("pack: a missing column is filled with zeros") {
  if (!on_cpu()) {
    return;
  }
  const std::int64_t panel = panel_columns<float>();
  const std::vector<float> b{1, 2, 3, 4, 5, 6};
  std::vector<float> packed(static_cast<std::size_t>(packed_size<float>(2, 3)), -1.0F);
  pack<float>(2, 3, row_major(b.data(), 3), packed.data());
  CHECK(static_cast<std::int64_t>(packed.size()) == 2 * panel);
  for (std::int64_t p = 0; p < 2; ++p) {
    for (std::int64_t j = 0; j < panel; ++j) {
      const float want = j < 3 ? b[static_cast<std::size_t>(3 * p + j)] : 0.0F;
      CHECK(packed[static_cast<std::size_t>(p * panel + j)] == want);
    }
  }
}

// True if a product rounds each multiply-add once: the optimisation level and the machine decide.
template <class T>
bool products_are_fused() {
  const T e = std::is_same_v<T, float> ? T(0x1p-12) : T(0x1p-27);
  // (1 + e)^2 - (1 + 2 e) is e^2, which a product that is rounded on its own loses.
  const std::vector<T> a{-(1 + 2 * e), 1 + e};
  const std::vector<T> b{1, 1 + e};
  std::vector<T> c(1);
  product(kWays[0], 1, 1, 2, a, b, c, 1);
  return c[0] != 0;
}

template <class T>
T sequential_dot(
    const T* a, const std::vector<T>& b, std::int64_t column, std::int64_t n, bool fused) {
  T sum = 0;
  const auto k = static_cast<std::int64_t>(b.size()) / n;
  for (std::int64_t p = 0; p < k; ++p) {
    const T right = b[static_cast<std::size_t>(p * n + column)];
    const volatile T product = a[p] * right;  // volatile: stays a rounding of its own
    sum = fused ? std::fma(a[p], right, sum) : sum + product;
  }
  return sum;
}

TEST_CASE_TEMPLATE("gemm: an element is the sequential dot, bit for bit, at any place",
                   T,
                   float,
                   double) {
  if (!on_cpu()) {
    return;
  }
  for (const std::int64_t k : {1, 64, 256, 301}) {
    const std::int64_t m = 53;
    const std::int64_t n = 37;
    const std::vector<T> a = random_matrix<T>(m, k, 4);
    const std::vector<T> b = random_matrix<T>(k, n, 5);
    for (std::size_t w = 0; w < kWays.size(); ++w) {
      if (kWays[w].accumulate) {
        continue;
      }
      CAPTURE(k);
      CAPTURE(w);
      std::vector<T> c(static_cast<std::size_t>(m * n));
      product(kWays[w], m, n, k, a, b, c, n);
      const bool fused = products_are_fused<T>();
      int different = 0;
      for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
          different += c[static_cast<std::size_t>(i * n + j)] ==
                               sequential_dot(a.data() + i * k, b, j, n, fused)
                           ? 0
                           : 1;
        }
      }
      CHECK(different == 0);
    }
  }
}

TEST_CASE_TEMPLATE("gemm: a row has the same bits alone and among others", T, float, double) {
  if (!on_cpu()) {
    return;
  }
  const std::int64_t m = 50;
  const std::int64_t n = 21;
  const std::int64_t k = 270;
  const std::vector<T> a = random_matrix<T>(m, k, 6);
  const std::vector<T> b = random_matrix<T>(k, n, 7);
  for (std::size_t w = 0; w < kWays.size(); ++w) {
    CAPTURE(w);
    std::vector<T> all(static_cast<std::size_t>(m * n), T(0.25));
    product(kWays[w], m, n, k, a, b, all, n);
    bool same = true;
    for (std::int64_t i = 0; i < m; ++i) {
      const std::vector<T> row(a.begin() + i * k, a.begin() + (i + 1) * k);
      std::vector<T> alone(static_cast<std::size_t>(n), T(0.25));
      product(kWays[w], 1, n, k, row, b, alone, n);
      same = same && std::equal(alone.begin(), alone.end(), all.begin() + i * n);
    }
    CHECK(same);
  }
}

}  // namespace
}  // namespace elastic::cpu

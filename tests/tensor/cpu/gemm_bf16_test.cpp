#include "tensor/cpu/gemm_bf16.h"

#include <cstring>

#include "tensor/cpu/bf16_unit.h"
#include "tensor/cpu/product_forms.h"
#include "tensor/kernels/linear.h"
#include "tensor/tensor_values.h"

namespace elastic::cpu::gemm_bf16_test {
namespace {

// Makes a unit the active one.
class ActiveUnit {
 public:
  explicit ActiveUnit(Bf16Unit unit) : before_(bf16_unit()) { set_bf16_unit(unit); }
  ~ActiveUnit() { set_bf16_unit(before_); }
  ActiveUnit(const ActiveUnit&) = delete;
  ActiveUnit& operator=(const ActiveUnit&) = delete;

 private:
  Bf16Unit before_;
};

// The units that can be tested here; prints which cannot.
std::vector<Bf16Unit> units() {
  std::vector<Bf16Unit> result;
  if (!on_cpu()) {
    return result;
  }
  for (const auto& [unit, name] :
       {std::pair{Bf16Unit::kAmx, "AMX_BF16"}, std::pair{Bf16Unit::kAvx512, "AVX512_BF16"}}) {
    if (has_bf16_unit(unit)) {
      result.push_back(unit);
    } else {
      std::printf("skipped: no %s\n", name);
    }
  }
  return result;
}

// The nearest number with 7 bits after the first; the even one of two.
float rounded(float x) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  bits += 0x7fffU + ((bits >> 16) & 1U);
  bits &= 0xffff0000U;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// The factors of a sum of k terms.
std::vector<double> factors(const std::vector<float>& values, std::int64_t k) {
  std::vector<double> result;
  for (const float value : values) {
    result.push_back(static_cast<double>(k < kLeastDepth ? value : rounded(value)));
  }
  return result;
}

// Largest error against the product of the rounded factors in double, in units of the sum of
// magnitudes; infinite if elements outside c's columns changed.
double product_error(const Way& way, std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::vector<float> a = random_matrix<float>(m, k, 1);
  const std::vector<float> b = random_matrix<float>(k, n, 2);
  const std::int64_t ldc = n + 3;
  std::vector<float> c = random_matrix<float>(m, ldc, 3);
  const std::vector<float> before = c;
  product(way, m, n, k, a, b, c, ldc);
  const std::vector<double> left = factors(a, k);
  const std::vector<double> right = factors(b, k);
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
        const double term =
            left[static_cast<std::size_t>(i * k + p)] * right[static_cast<std::size_t>(p * n + j)];
        sum += term;
        magnitude += std::abs(term);
      }
      const double error = std::abs(sum - static_cast<double>(c[at])) / magnitude;
      worst = error <= worst ? worst : error;  // keeps a NaN
    }
  }
  return worst;
}

TEST_CASE("bf16 products: equal products of the rounded factors in every form and size") {
  // Around the tiles (16 rows and columns, 32 deep), blocks of 32 rows, 128 columns and 256 deep.
  const std::vector<std::array<std::int64_t, 3>> sizes{{1, 1, 1},
                                                       {1, 70, 3},
                                                       {2, 5, 7},
                                                       {16, 16, 15},
                                                       {16, 16, 16},
                                                       {17, 17, 17},
                                                       {33, 31, 32},
                                                       {32, 33, 33},
                                                       {48, 64, 5},
                                                       {49, 65, 63},
                                                       {70, 1, 69},
                                                       {5, 9, 255},
                                                       {6, 35, 256},
                                                       {11, 15, 257},
                                                       {20, 130, 300},
                                                       {3, 257, 289},
                                                       {64, 128, 513}};
  for (const Bf16Unit unit : units()) {
    const ActiveUnit active(unit);
    for (const auto& [m, n, k] : sizes) {
      for (std::size_t w = 0; w < kWays.size(); ++w) {
        CAPTURE(unit);
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        CAPTURE(w);
        CHECK(product_error(kWays[w], m, n, k) < 5e-7 * std::sqrt(static_cast<double>(k)));
      }
    }
  }
}

TEST_CASE("bf16 products: every size up to 70 is correct") {
  for (const Bf16Unit unit : units()) {
    const ActiveUnit active(unit);
    for (std::int64_t size = 1; size <= 70; ++size) {
      for (std::size_t w = 0; w < kWays.size(); ++w) {
        CAPTURE(unit);
        CAPTURE(size);
        CAPTURE(w);
        CHECK(product_error(kWays[w], size, 71 - size, 19) < 2e-6);
        CHECK(product_error(kWays[w], 7, size, size) < 4e-6);
      }
    }
  }
}

TEST_CASE("bf16 products: a row has the same bits alone and among others") {
  const std::int64_t m = 70;
  const std::int64_t n = 45;
  for (const Bf16Unit unit : units()) {
    const ActiveUnit active(unit);
    for (const std::int64_t k : {5, 40, 270}) {
      const std::vector<float> a = random_matrix<float>(m, k, 6);
      const std::vector<float> b = random_matrix<float>(k, n, 7);
      for (std::size_t w = 0; w < kWays.size(); ++w) {
        CAPTURE(unit);
        CAPTURE(k);
        CAPTURE(w);
        std::vector<float> all(static_cast<std::size_t>(m * n), 0.25F);
        product(kWays[w], m, n, k, a, b, all, n);
        bool same = true;
        for (std::int64_t i = 0; i < m; ++i) {
          const std::vector<float> row(a.begin() + i * k, a.begin() + (i + 1) * k);
          std::vector<float> alone(static_cast<std::size_t>(n), 0.25F);
          product(kWays[w], 1, n, k, row, b, alone, n);
          same = same && std::equal(alone.begin(), alone.end(), all.begin() + i * n);
        }
        CHECK(same);
      }
    }
  }
}

TEST_CASE("bf16 products: a number that is not finite stays in its row or column") {
  const std::int64_t m = 40;
  const std::int64_t n = 35;
  const std::int64_t k = 33;
  for (const Bf16Unit unit : units()) {
    const ActiveUnit active(unit);
    for (std::size_t w = 0; w < kWays.size(); ++w) {
      std::vector<float> a = random_matrix<float>(m, k, 1);
      std::vector<float> b = random_matrix<float>(k, n, 2);
      a[static_cast<std::size_t>(39 * k + 32)] = NAN;
      b[static_cast<std::size_t>(32 * n + 34)] = INFINITY;
      std::vector<float> c(static_cast<std::size_t>(m * n));
      product(kWays[w], m, n, k, a, b, c, n);
      int finite = 0;
      for (const float value : c) {
        finite += std::isfinite(value) ? 1 : 0;
      }
      CAPTURE(unit);
      CAPTURE(w);
      CHECK(finite == (m - 1) * (n - 1));
    }
  }
}

TEST_CASE("products from a row: have the bits of a product accumulated on that row") {
  std::vector<Bf16Unit> all = units();
  all.push_back(Bf16Unit::kNone);
  for (const Bf16Unit unit : all) {
    if (!on_cpu()) {
      return;
    }
    const ActiveUnit active(unit);
    for (const auto& [m, n, k] : std::vector<std::array<std::int64_t, 3>>{
             {64, 64, 64}, {37, 45, 19}, {3, 16, 300}, {1, 1, 0}}) {
      const std::vector<float> a = random_matrix<float>(m, std::max<std::int64_t>(k, 1), 1);
      const std::vector<float> b = random_matrix<float>(std::max<std::int64_t>(k, 1), n, 2);
      const std::vector<float> row = random_matrix<float>(1, n, 3);
      std::vector<float> panels(static_cast<std::size_t>(packed_size<float>(k, n)));
      pack(k, n, row_major(b.data(), n), panels.data());
      std::vector<float> want;
      for (std::int64_t i = 0; i < m; ++i) {
        want.insert(want.end(), row.begin(), row.end());
      }
      std::vector<float> got(want.size(), NAN);
      gemm<float>(m, n, k, row_major(a.data(), k), panels.data(), want.data(), n, true);
      gemm_from_row<float>(
          m, n, k, row_major(a.data(), k), panels.data(), row.data(), got.data(), n);
      CAPTURE(unit);
      CAPTURE(m);
      CHECK(got == want);
    }
  }
}

TEST_CASE("bf16 products: a packed factor is scaled before it is rounded") {
  for (const Bf16Unit unit : units()) {
    const ActiveUnit active(unit);
    constexpr std::int64_t kDepth = 16;
    std::vector<float> first(kDepth);
    first[0] = 1.0F;
    for (const float scale : {0.3F, 1.7F}) {
      std::vector<float> b(2 * kDepth);
      b[0] = 1.0F + 0x1p-7F;
      std::vector<float> panels(static_cast<std::size_t>(packed_size<float>(kDepth, 2)));
      for (const View<float>& view : {row_major(b.data(), 2), transposed(b.data(), kDepth)}) {
        pack(kDepth, 2, view, panels.data(), scale);
        std::vector<float> c(2);
        gemm<float>(
            1, 2, kDepth, row_major(first.data(), kDepth), panels.data(), c.data(), 2, false);
        CHECK(c == std::vector<float>{rounded(scale * b[0]), 0.0F});
      }
    }
  }
}

TEST_CASE("bf16 products: exact products and those of double keep their bits") {
  const std::vector<float> a = random_matrix<float>(9, 50, 1);
  const std::vector<float> b = random_matrix<float>(50, 20, 2);
  const auto exact = [&] {
    std::vector<float> c(9 * 20);
    std::vector<float> panels(static_cast<std::size_t>(packed_size<float>(50, 20)));
    pack_exact(50, 20, row_major(b.data(), 20), panels.data());
    gemm_exact<float>(9, 20, 50, row_major(a.data(), 50), panels.data(), c.data(), 20, false);
    gemm_unpacked_exact<float>(
        9, 20, 50, row_major(a.data(), 50), b.data(), 20, c.data(), 20, true);
    return c;
  };
  const auto of_double = [&] {
    std::vector<double> c(9 * 20);
    product<double>(kWays[0], 9, 20, 50, {a.begin(), a.end()}, {b.begin(), b.end()}, c, 20);
    return c;
  };
  for (const Bf16Unit unit : units()) {
    const auto want = exact();
    const auto want_double = of_double();
    const ActiveUnit active(unit);
    CHECK(exact() == want);
    CHECK(of_double() == want_double);
  }
}

// The backend in bf16, or null, with a line of output, if this machine refuses.
Backend* rounding_backend() {
  Backend& backend = test_backend();
  if (!on_cpu()) {
    return nullptr;
  }
  try {
    backend.set_precision(Precision::kBf16);
  } catch (const UsageError& error) {
    std::printf("skipped: %s\n", error.what());
    return nullptr;
  }
  return &backend;
}

TEST_CASE("bf16 products: kernels give the same bits at any number of threads") {
  Backend* backend = rounding_backend();
  if (backend == nullptr) {
    return;
  }
  const Tensor x = random_tensor({5000, 70}, 1, DType::kFloat32);
  const Tensor weight = random_tensor({40, 70}, 2, DType::kFloat32);
  const Tensor grad_y = random_tensor({5000, 40}, 3, DType::kFloat32);
  std::vector<std::vector<std::byte>> results;
  for (const int count : {1, 2, 3}) {
    const Threads threads(count);
    Tensor y({5000, 40}, DType::kFloat32, Device::kCpu);
    Tensor grad_x({5000, 70}, DType::kFloat32, Device::kCpu);
    Tensor grad_weight({40, 70}, DType::kFloat32, Device::kCpu);
    run(kernels::LinearForward{x, weight, Tensor(), y});
    run(kernels::LinearBackward{x, weight, grad_y, &grad_x, &grad_weight, nullptr});
    for (const Tensor& result : {y, grad_x, grad_weight}) {
      results.push_back(bits_of(result));
    }
  }
  backend->set_precision(test_precision());
  for (std::size_t i = 3; i < results.size(); ++i) {
    CHECK(results[i] == results[i % 3]);
  }
}

TEST_CASE("the CPU's precision: bf16 changes products, fp32 restores them") {
  Backend* backend = rounding_backend();
  if (backend == nullptr) {
    return;
  }
  const auto multiply = [] {
    Tensor y({1, 1}, DType::kFloat32, Device::kCpu);
    run(kernels::LinearForward{tensor_of(std::vector<float>(16, 1.0F), {1, 16}),
                               tensor_of(std::vector<float>(16, 1.0F + 0x1p-9F), {1, 16}),
                               Tensor(),
                               y});
    return to_doubles(y)[0];
  };
  CHECK(multiply() == 16.0);
  CHECK(backend->description().find("_BF16") != std::string::npos);
  backend->set_precision(Precision::kFp32);
  CHECK(backend->description().find("_BF16") == std::string::npos);
  CHECK(multiply() == 16.0 + 0x1p-5);
  backend->set_precision(test_precision());
}

TEST_CASE("the CPU's precision: what it cannot compute is refused, with the reason") {
  if (!on_cpu()) {
    return;
  }
  const auto message = [](const auto& act) -> std::string {
    try {
      act();
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(message([] { test_backend().set_precision(Precision::kTf32); }) ==
        "--precision: device cpu computes in fp32 or bf16");
  if (has_bf16_unit(Bf16Unit::kAvx512)) {
    std::printf("skipped: the kernels have AVX512_BF16\n");
    return;
  }
  CHECK(message([] { best_bf16_unit(); }).find("bf16 needs AMX_BF16 or AVX512_BF16; ") !=
        std::string::npos);
}

}  // namespace
}  // namespace elastic::cpu::gemm_bf16_test

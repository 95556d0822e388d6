// The forms of a product of matrices, for tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "tensor/cpu/gemm.h"

namespace elastic::cpu {

/// Normal numbers, a function of size and seed.
template <class T>
std::vector<T> random_matrix(std::int64_t rows, std::int64_t cols, std::uint64_t seed) {
  RandomStream stream(seed, RandomPurpose::kInit, static_cast<std::uint64_t>(rows * cols));
  std::vector<T> values(static_cast<std::size_t>(rows * cols));
  for (T& value : values) {
    value = static_cast<T>(stream.normal());
  }
  return values;
}

template <class T>
std::vector<T> transpose_of(const std::vector<T>& x, std::int64_t rows, std::int64_t cols) {
  std::vector<T> out(x.size());
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) {
      out[static_cast<std::size_t>(j * rows + i)] = x[static_cast<std::size_t>(i * cols + j)];
    }
  }
  return out;
}

/// One of the forms of the same product.
struct Way {
  bool transposed_a = false;
  bool transposed_b = false;  ///< packed only
  bool packed = false;
  bool accumulate = false;
};

inline const std::vector<Way> kWays{{false, false, true, false},
                                    {true, false, true, true},
                                    {false, true, true, true},
                                    {true, true, true, false},
                                    {false, false, false, false},
                                    {true, false, false, true},
                                    {false, false, false, true},
                                    {true, false, false, false}};

/// c [m, ldc] = product of a [m, k] and b [k, n] (row-major) in one form.
template <class T>
void product(const Way& way,
             std::int64_t m,
             std::int64_t n,
             std::int64_t k,
             const std::vector<T>& a,
             const std::vector<T>& b,
             std::vector<T>& c,
             std::int64_t ldc) {
  const std::vector<T> a_transposed = transpose_of(a, m, k);
  const View<T> left =
      way.transposed_a ? transposed<T>(a_transposed.data(), m) : row_major<T>(a.data(), k);
  if (!way.packed) {
    gemm_unpacked<T>(m, n, k, left, b.data(), n, c.data(), ldc, way.accumulate);
    return;
  }
  const std::vector<T> b_transposed = transpose_of(b, k, n);
  const View<T> right =
      way.transposed_b ? transposed<T>(b_transposed.data(), k) : row_major<T>(b.data(), n);
  std::vector<T> panels(static_cast<std::size_t>(packed_size<T>(k, n)));
  pack<T>(k, n, right, panels.data());
  gemm<T>(m, n, k, left, panels.data(), c.data(), ldc, way.accumulate);
}

}  // namespace elastic::cpu

// Small matrix products for one thread: the tiles of every kernel.
//
// Every element is one sum over k = 0, 1, ... in order, with one rounding per multiply-add if the
// machine has them, independent of its place in the matrix: a row's result does not depend on other
// rows. Written by hand because Eigen guarantees neither this nor a bound on the memory that it
// allocates; docs/performance.md compares the speed.
#pragma once

#include <cstdint>

#include "tensor/cpu/simd.h"

namespace elastic::cpu {

/// Columns that the packed form groups together, two vectors.
template <class T>
constexpr std::int64_t panel_columns() {
  return 2 * kLanes<T>;
}

/// An operand seen as [rows, cols] with element (i, j) at data[i * row_stride + j * col_stride];
/// one of the strides is 1.
template <class T>
struct View {
  const T* data;
  std::int64_t row_stride;
  std::int64_t col_stride;
};
template <class T>
View<T> row_major(const T* data, std::int64_t stride) {
  return {data, stride, 1};
}
template <class T>
View<T> transposed(const T* data, std::int64_t stride) {
  return {data, 1, stride};
}

/// Elements that `pack` writes for a [k, n] operand.
template <class T>
constexpr std::int64_t packed_size(std::int64_t k, std::int64_t n) {
  constexpr std::int64_t kPanel = panel_columns<T>();
  return (n + kPanel - 1) / kPanel * kPanel * k;
}

/// Copies b [k, n] into panels of panel_columns() columns, zero-filled at the right edge: panel p
/// holds its k rows contiguously.
template <class T>
void pack(std::int64_t k, std::int64_t n, View<T> b, T* packed);

/// c [m, n] = a [m, k] b [k, n], or += with `accumulate`; c is row-major with rows `ldc` apart.
template <class T>
void gemm(std::int64_t m,
          std::int64_t n,
          std::int64_t k,
          View<T> a,
          const T* packed_b,
          T* c,
          std::int64_t ldc,
          bool accumulate);

/// The same product with a row-major, unpacked b whose rows are `ldb` apart.
template <class T>
void gemm_unpacked(std::int64_t m,
                   std::int64_t n,
                   std::int64_t k,
                   View<T> a,
                   const T* b,
                   std::int64_t ldb,
                   T* c,
                   std::int64_t ldc,
                   bool accumulate);

}  // namespace elastic::cpu

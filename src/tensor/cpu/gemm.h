// Small matrix products for one thread: the tiles of every kernel.
//
// Every element is one sum over k = 0, 1, ... in order, with one rounding per multiply-add if the
// machine has them, independent of its place in the matrix: a row's result does not depend on other
// rows. Written by hand because Eigen guarantees neither this nor a bound on the memory that it
// allocates; docs/performance.md compares the speed.
//
// With --precision bf16, products of float round their factors (tensor/cpu/gemm_bf16.h). Not so the
// functions named `exact`, for scores that are compared, and sums of fewer than 16 terms.
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

/// Copies factor * b [k, n] into panels of panel_columns() columns, for `gemm` in the same
/// precision; panel p begins at packed + p * k * panel_columns().
template <class T>
void pack(std::int64_t k, std::int64_t n, View<T> b, T* packed, T factor = T(1));

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

/// c [m, n] = a [m, k] b [k, n] + row, with row [n] added to every row of the product, first.
template <class T>
void gemm_from_row(std::int64_t m,
                   std::int64_t n,
                   std::int64_t k,
                   View<T> a,
                   const T* packed_b,
                   const T* row,
                   T* c,
                   std::int64_t ldc);

/// The product of `gemm` with a row-major, unpacked b whose rows are `ldb` apart.
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

/// The same in full precision, for a b that `pack_exact` packed: a panel holds its k rows
/// contiguously, with zeros at the right edge.
template <class T>
void pack_exact(std::int64_t k, std::int64_t n, View<T> b, T* packed);
template <class T>
void gemm_exact(std::int64_t m,
                std::int64_t n,
                std::int64_t k,
                View<T> a,
                const T* packed_b,
                T* c,
                std::int64_t ldc,
                bool accumulate);
template <class T>
void gemm_unpacked_exact(std::int64_t m,
                         std::int64_t n,
                         std::int64_t k,
                         View<T> a,
                         const T* b,
                         std::int64_t ldb,
                         T* c,
                         std::int64_t ldc,
                         bool accumulate);

}  // namespace elastic::cpu

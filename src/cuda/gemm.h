// Matrix products by cuBLAS.
#pragma once

#include <cstdint>

namespace elastic::cuda {

/// A row-major matrix, or its transpose: rows are `stride` elements apart.
template <class T>
struct Matrix {
  const T* data;
  std::int64_t stride;
  bool transposed = false;
};

/// out [m, n] = a [m, k] b [k, n] (+ out when `add`), out's rows `out_stride` apart; in the
/// runtime's precision for float, exactly for double.
template <class T>
void gemm(const char* op,
          std::int64_t m,
          std::int64_t n,
          std::int64_t k,
          Matrix<T> a,
          Matrix<T> b,
          T* out,
          std::int64_t out_stride,
          bool add);

/// The same in full float32 at any runtime precision: for scores that are compared.
template <class T>
void gemm_exact(const char* op,
                std::int64_t m,
                std::int64_t n,
                std::int64_t k,
                Matrix<T> a,
                Matrix<T> b,
                T* out,
                std::int64_t out_stride);

}  // namespace elastic::cuda

#include <type_traits>

#include "base/error.h"
#include "cuda/blas_library.h"
#include "cuda/gemm.h"
#include "cuda/runtime.h"

namespace elastic::cuda {
namespace {

cublasComputeType_t compute_type(Precision precision) {
  switch (precision) {
    case Precision::kFp32:
      return CUBLAS_COMPUTE_32F;
    case Precision::kTf32:
      return CUBLAS_COMPUTE_32F_FAST_TF32;
    case Precision::kBf16:
      return CUBLAS_COMPUTE_32F_FAST_16BF;
  }
  return CUBLAS_COMPUTE_32F;
}

// Row-major matrices are the column-major transposes: out^T = b^T a^T.
template <class T>
void product(const char* op,
             std::int64_t m,
             std::int64_t n,
             std::int64_t k,
             Matrix<T> a,
             Matrix<T> b,
             T* out,
             std::int64_t out_stride,
             bool add,
             Precision precision) {
  if (m == 0 || n == 0) {
    return;
  }
  if (k == 0) {
    ELASTIC_CHECK(out_stride == n, op, ": an empty sum into part of a matrix");
    if (!add) {
      const auto bytes = static_cast<std::size_t>(m * n) * sizeof(T);
      ELASTIC_CUDA_CHECK(op, cudaMemsetAsync(out, 0, bytes, runtime().stream()));
    }
    return;
  }
  constexpr bool kDouble = std::is_same_v<T, double>;
  constexpr cudaDataType kType = kDouble ? CUDA_R_64F : CUDA_R_32F;
  const T alpha = 1;
  const T beta = add ? T(1) : T(0);
  ELASTIC_CUDA_CHECK(op,
                     blas_library().gemm(runtime().blas(),
                                         b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                                         a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                                         static_cast<int>(n),
                                         static_cast<int>(m),
                                         static_cast<int>(k),
                                         &alpha,
                                         b.data,
                                         kType,
                                         static_cast<int>(b.stride),
                                         a.data,
                                         kType,
                                         static_cast<int>(a.stride),
                                         &beta,
                                         out,
                                         kType,
                                         static_cast<int>(out_stride),
                                         kDouble ? CUBLAS_COMPUTE_64F : compute_type(precision),
                                         CUBLAS_GEMM_DEFAULT));
}

}  // namespace

template <class T>
void gemm(const char* op,
          std::int64_t m,
          std::int64_t n,
          std::int64_t k,
          Matrix<T> a,
          Matrix<T> b,
          T* out,
          std::int64_t out_stride,
          bool add) {
  product(op, m, n, k, a, b, out, out_stride, add, runtime().precision);
}

template <class T>
void gemm_exact(const char* op,
                std::int64_t m,
                std::int64_t n,
                std::int64_t k,
                Matrix<T> a,
                Matrix<T> b,
                T* out,
                std::int64_t out_stride) {
  product(op, m, n, k, a, b, out, out_stride, false, Precision::kFp32);
}

#define ELASTIC_INSTANTIATE(T)              \
  template void gemm<T>(const char*,        \
                        std::int64_t,       \
                        std::int64_t,       \
                        std::int64_t,       \
                        Matrix<T>,          \
                        Matrix<T>,          \
                        T*,                 \
                        std::int64_t,       \
                        bool);              \
  template void gemm_exact<T>(const char*,  \
                              std::int64_t, \
                              std::int64_t, \
                              std::int64_t, \
                              Matrix<T>,    \
                              Matrix<T>,    \
                              T*,           \
                              std::int64_t);
ELASTIC_INSTANTIATE(float)
ELASTIC_INSTANTIATE(double)
#undef ELASTIC_INSTANTIATE

}  // namespace elastic::cuda

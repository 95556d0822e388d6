// cuBLAS on the host, as src/cuda uses it: column-major products, alpha and beta on the host.
#pragma once

#include "cuda_runtime.h"

enum cublasStatus_t { CUBLAS_STATUS_SUCCESS = 0, CUBLAS_STATUS_INVALID_VALUE = 7 };
enum cublasOperation_t { CUBLAS_OP_N, CUBLAS_OP_T };
enum cudaDataType_t { CUDA_R_32F = 0, CUDA_R_64F = 1 };
using cudaDataType = cudaDataType_t;
enum cublasComputeType_t {
  CUBLAS_COMPUTE_32F,
  CUBLAS_COMPUTE_32F_FAST_TF32,
  CUBLAS_COMPUTE_32F_FAST_16BF,
  CUBLAS_COMPUTE_64F
};
enum cublasGemmAlgo_t { CUBLAS_GEMM_DEFAULT = -1 };

struct cublasContext;
using cublasHandle_t = cublasContext*;

inline const char* cublasGetStatusString(cublasStatus_t) {
  return "invalid value";
}
inline cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  *handle = nullptr;
  return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasSetStream(cublasHandle_t, cudaStream_t) {
  return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasSetWorkspace(cublasHandle_t, void*, std::size_t) {
  return CUBLAS_STATUS_SUCCESS;
}

namespace emulation {

// C [m, n] = op(A) op(B) + beta C, each leading dimension checked against its matrix.
template <class T>
void gemm(bool ta,
          bool tb,
          int m,
          int n,
          int k,
          const T* a,
          int lda,
          const T* b,
          int ldb,
          T beta,
          T* c,
          int ldc) {
  for (int j = 0; j < n; ++j) {
    for (int i = 0; i < m; ++i) {
      double sum = 0.0;
      for (int l = 0; l < k; ++l) {
        const auto at = ta ? static_cast<std::ptrdiff_t>(i) * lda + l
                           : static_cast<std::ptrdiff_t>(l) * lda + i;
        const auto bt = tb ? static_cast<std::ptrdiff_t>(l) * ldb + j
                           : static_cast<std::ptrdiff_t>(j) * ldb + l;
        sum += static_cast<double>(a[at]) * static_cast<double>(b[bt]);
      }
      T& out = c[static_cast<std::ptrdiff_t>(j) * ldc + i];
      out = static_cast<T>(sum) + (beta == T(0) ? T(0) : beta * out);
    }
  }
}

}  // namespace emulation

inline cublasStatus_t cublasGemmEx(cublasHandle_t,
                                   cublasOperation_t ta,
                                   cublasOperation_t tb,
                                   int m,
                                   int n,
                                   int k,
                                   const void* alpha,
                                   const void* a,
                                   cudaDataType a_type,
                                   int lda,
                                   const void* b,
                                   cudaDataType b_type,
                                   int ldb,
                                   const void* beta,
                                   void* c,
                                   cudaDataType c_type,
                                   int ldc,
                                   cublasComputeType_t compute,
                                   cublasGemmAlgo_t) {
  const bool trans_a = ta == CUBLAS_OP_T;
  const bool trans_b = tb == CUBLAS_OP_T;
  const bool is_double = c_type == CUDA_R_64F;
  const double alpha_value = is_double ? *static_cast<const double*>(alpha)
                                       : static_cast<double>(*static_cast<const float*>(alpha));
  if (a_type != c_type || b_type != c_type || alpha_value != 1.0 || m < 1 || n < 1 || k < 1 ||
      is_double != (compute == CUBLAS_COMPUTE_64F) || lda < (trans_a ? k : m) ||
      ldb < (trans_b ? n : k) || ldc < m) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const auto run = [=](auto tag, auto beta_value) {
    using T = decltype(tag);
    emulation::submit([=] {
      emulation::gemm<T>(trans_a,
                         trans_b,
                         m,
                         n,
                         k,
                         static_cast<const T*>(a),
                         lda,
                         static_cast<const T*>(b),
                         ldb,
                         beta_value,
                         static_cast<T*>(c),
                         ldc);
    });
  };
  if (is_double) {
    run(double{}, *static_cast<const double*>(beta));
  } else {
    run(float{}, *static_cast<const float*>(beta));
  }
  return CUBLAS_STATUS_SUCCESS;
}

// cuBLAS, loaded when a GPU is first used: its libraries take a tenth of a second and 200 MB at the
// start of every process that is linked with them, and computing on the CPU does not need them.
#pragma once

#include <cublas_v2.h>

namespace elastic::cuda {

/// The functions of cuBLAS that are used.
struct BlasLibrary {
  cublasStatus_t (*create)(cublasHandle_t* handle);
  cublasStatus_t (*set_stream)(cublasHandle_t handle, cudaStream_t stream);
  cublasStatus_t (*set_workspace)(cublasHandle_t handle, void* workspace, std::size_t bytes);
  const char* (*status_string)(cublasStatus_t status);
  cublasStatus_t (*gemm)(cublasHandle_t handle,
                         cublasOperation_t trans_a,
                         cublasOperation_t trans_b,
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
                         cublasGemmAlgo_t algorithm);
};

/// Throws DeviceError when the library cannot be loaded.
const BlasLibrary& blas_library();

}  // namespace elastic::cuda

// Replaces src/cuda/blas_library.cpp: nothing is loaded.
#include "cuda/blas_library.h"

namespace elastic::cuda {

const BlasLibrary& blas_library() {
  static const BlasLibrary functions{
      cublasCreate, cublasSetStream, cublasSetWorkspace, cublasGetStatusString, cublasGemmEx};
  return functions;
}

}  // namespace elastic::cuda

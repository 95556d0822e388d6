#include "cuda/blas_library.h"

#include <dlfcn.h>

#include <string>

#include "base/error.h"

namespace elastic::cuda {
namespace {

// Opens cuBLAS by its name on the loader's path, else at its path on the build machine.
void* open_library() {
  const std::string name = concat("libcublas.so.", CUBLAS_VER_MAJOR);
  void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    library = dlopen((ELASTIC_CUDA_LIBRARIES "/" + name).c_str(), RTLD_NOW | RTLD_LOCAL);
  }
  if (library == nullptr) {
    throw DeviceError("device 'cuda': cannot load ", name, ": ", dlerror());
  }
  return library;
}

template <class Function>
void find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  if (function == nullptr) {
    throw DeviceError("device 'cuda': no function ", name, " in libcublas.so.", CUBLAS_VER_MAJOR);
  }
}

}  // namespace

const BlasLibrary& blas_library() {
  static const BlasLibrary functions = [] {
    void* const library = open_library();
    BlasLibrary result{};
    find(library, "cublasCreate_v2", result.create);
    find(library, "cublasSetStream_v2", result.set_stream);
    find(library, "cublasSetWorkspace_v2", result.set_workspace);
    find(library, "cublasGetStatusString", result.status_string);
    find(library, "cublasGemmEx", result.gemm);
    return result;
  }();
  return functions;
}

}  // namespace elastic::cuda

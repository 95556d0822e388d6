#include <string>

#include "base/error.h"
#include "cuda/blas_library.h"
#include "cuda/runtime.h"

namespace elastic::cuda {
namespace {

// Size of cuBLAS' workspace on Hopper, as its manual recommends. A fixed workspace keeps results
// the same from run to run, and keeps cuBLAS from calling the allocator while a graph is
// captured.
constexpr std::size_t kBlasWorkspace = std::size_t{32} << 20;

std::string describe(const char* op, const char* call, const std::string& what) {
  return concat(
      "cuda: ", op, ": ", std::string(call).substr(0, std::string(call).find('(')), ": ", what);
}

}  // namespace

void check(cudaError_t status, const char* op, const char* call) {
  if (status == cudaSuccess) {
    return;
  }
  const std::string message = describe(op, call, cudaGetErrorString(status));
  switch (status) {
    case cudaErrorMemoryAllocation:
      cudaGetLastError();
      throw OutOfMemoryError(message, "; try a smaller --batch-size or --max-len");
    case cudaErrorInsufficientDriver:
    case cudaErrorNoDevice:
      throw DeviceError(message);
    default:
      throw Error(message);
  }
}

void check(cublasStatus_t status, const char* op, const char* call) {
  if (status != CUBLAS_STATUS_SUCCESS) {
    throw Error(describe(op, call, blas_library().status_string(status)));
  }
}

Runtime::Runtime() {
  int count = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&count);
      status == cudaErrorInsufficientDriver) {
    int driver = 0;
    int wanted = 0;
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&wanted);
    throw DeviceError(driver == 0
                          ? std::string("device 'cuda': no NVIDIA driver is installed")
                          : concat("device 'cuda': the driver is too old: it supports CUDA ",
                                   driver / 1000,
                                   ".",
                                   driver % 1000 / 10,
                                   ", this build needs ",
                                   wanted / 1000,
                                   ".",
                                   wanted % 1000 / 10));
  } else if (status != cudaSuccess || count == 0) {
    throw DeviceError("device 'cuda': no NVIDIA GPU here (",
                      status == cudaSuccess ? "none is visible" : cudaGetErrorString(status),
                      "); compute on --device cpu");
  }
  int device = 0;
  ELASTIC_CUDA_CHECK("open", cudaGetDevice(&device));
  ELASTIC_CUDA_CHECK("open", cudaGetDeviceProperties(&properties_, device));
  if (properties_.major < 8) {
    throw DeviceError("device 'cuda': ",
                      properties_.name,
                      " has compute capability ",
                      properties_.major,
                      ".",
                      properties_.minor,
                      ", at least 8.0 is needed");
  }
  ELASTIC_CUDA_CHECK("open", cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  ELASTIC_CUDA_CHECK("open", blas_library().create(&blas_));
  ELASTIC_CUDA_CHECK("open", blas_library().set_stream(blas_, stream_));
  void* word = nullptr;
  ELASTIC_CUDA_CHECK("open", cudaMalloc(&word, sizeof(std::uint32_t)));
  steps_later_ = static_cast<std::uint32_t*>(word);
  set_steps_later(0);
  ELASTIC_CUDA_CHECK("open", cudaMalloc(&blas_workspace_, kBlasWorkspace));
  ELASTIC_CUDA_CHECK("open", blas_library().set_workspace(blas_, blas_workspace_, kBlasWorkspace));
}

void Runtime::check_grid(const char* op, const dim3& grid) {
  constexpr unsigned int kMost = 65535;
  if (grid.y > kMost || grid.z > kMost) {
    throw UsageError("cuda: ", op, ": a sequence is too long for this device; lower --max-len");
  }
}

void Runtime::set_steps_later(std::uint32_t steps) {
  // The source is pageable memory: it is copied before the call returns.
  ELASTIC_CUDA_CHECK(
      "set_steps_later",
      cudaMemcpyAsync(steps_later_, &steps, sizeof(steps), cudaMemcpyHostToDevice, stream_));
}

Runtime& runtime() {
  // Never destroyed: the driver may shut down before static objects are destroyed.
  static Runtime& instance = *new Runtime;
  return instance;
}

}  // namespace elastic::cuda

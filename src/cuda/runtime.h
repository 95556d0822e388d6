// The CUDA device that the backend computes on: its stream, its cuBLAS handle, checked calls.
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "tensor/backend.h"
#include "tensor/precision.h"
#include "tensor/tensor.h"

namespace elastic::cuda {

constexpr int kWarp = 32;
constexpr int kThreads = 256;  ///< of a block, unless a kernel needs another number
constexpr int kWarps = kThreads / kWarp;

/// Throws when a call failed, naming the op that made it: OutOfMemoryError with the free memory,
/// DeviceError when the driver or the device is missing, Error otherwise.
void check(cudaError_t status, const char* op, const char* call);
void check(cublasStatus_t status, const char* op, const char* call);

#define ELASTIC_CUDA_CHECK(op, call) ::elastic::cuda::check(call, op, #call)

/// One device and one stream: work runs in the order of its calls, by one thread of the host.
class Runtime {
 public:
  /// Opens the current device. Throws DeviceError when there is none, or the driver is too old.
  Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  [[nodiscard]] cudaStream_t stream() const { return stream_; }
  [[nodiscard]] cublasHandle_t blas() const { return blas_; }
  [[nodiscard]] const cudaDeviceProp& properties() const { return properties_; }
  /// Bytes of shared memory that a block may have.
  [[nodiscard]] std::size_t shared_limit() const { return properties_.sharedMemPerBlockOptin; }

  Precision precision = Precision::kTf32;
  /// Products of float32 matrices on tensor cores.
  [[nodiscard]] bool tensor_cores() const { return precision != Precision::kFp32; }

  bool recording = false;  ///< kernels are recorded, not run
  /// A word of device memory that kernels add to their training step: 0, or for recorded work the
  /// number of steps since its recording.
  [[nodiscard]] const std::uint32_t* steps_later() const { return steps_later_; }
  void set_steps_later(std::uint32_t steps);

  /// Starts `kernel` on the stream. `threads` a multiple of 32; `shared` bytes of dynamic memory.
  template <class... Parameters, class... Arguments>
  void launch(const char* op,
              void (*kernel)(Parameters...),
              dim3 grid,
              unsigned int threads,
              std::size_t shared,
              Arguments&&... arguments) {
    if (grid.x == 0 || grid.y == 0 || grid.z == 0) {
      return;
    }
    check_grid(op, grid);
    if (shared > kDefaultShared) {
      allow_shared(op, kernel, shared);
    }
    cudaLaunchConfig_t config{};
    config.gridDim = grid;
    config.blockDim = dim3(threads);
    config.dynamicSmemBytes = shared;
    config.stream = stream_;
    check(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...), op, "launch");
  }

 private:
  // Throws UsageError when a grid is larger than a launch can be: by its sequences' lengths.
  static void check_grid(const char* op, const dim3& grid);

  static constexpr std::size_t kDefaultShared = 48 * 1024;

  // Raises the kernel's limit of dynamic shared memory where it is lower than `bytes`.
  template <class Kernel>
  void allow_shared(const char* op, Kernel* kernel, std::size_t bytes) {
    std::size_t& allowed = allowed_shared_[reinterpret_cast<const void*>(kernel)];
    if (allowed < bytes) {
      ELASTIC_CUDA_CHECK(
          op,
          cudaFuncSetAttribute(
              kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)));
      allowed = bytes;
    }
  }

  cudaDeviceProp properties_{};
  cudaStream_t stream_ = nullptr;
  cublasHandle_t blas_ = nullptr;
  void* blas_workspace_ = nullptr;
  std::uint32_t* steps_later_ = nullptr;
  std::unordered_map<const void*, std::size_t> allowed_shared_;
};

/// The runtime of the process, opened at first use.
Runtime& runtime();

/// Scratch memory of a kernel: `count` elements of T (float, double or int32), not initialised.
template <class T>
Tensor workspace(std::int64_t count) {
  return {{count}, DTypeOf<T>::kValue, Device::kCuda, Memory::kWorkspace};
}

/// Every element = value; for kernels, unseen by the observer.
void fill_elements(Tensor& target, double value);
/// The elements of a tensor of the same shape and type.
void copy_elements(const Tensor& source, Tensor& target);

/// ceil(count / size)
constexpr std::int64_t divide_up(std::int64_t count, std::int64_t size) {
  return (count + size - 1) / size;
}
constexpr unsigned int blocks_of(std::int64_t count, std::int64_t size) {
  return static_cast<unsigned int>(divide_up(count, size));
}

/// Blocks of kThreads, a thread per element, for a loop over `count` elements that strides by the
/// grid.
inline dim3 element_grid(std::int64_t count) {
  return dim3(
      static_cast<unsigned int>(std::min<std::int64_t>(divide_up(count, kThreads), 1 << 16)));
}
/// Blocks of kThreads, a warp per row.
inline dim3 row_grid(std::int64_t rows) {
  return dim3(blocks_of(rows, kWarps));
}

/// Starts `kernel` on the runtime's stream with blocks of kThreads and no dynamic shared memory.
template <class... Parameters, class... Arguments>
void launch(const char* op, void (*kernel)(Parameters...), dim3 grid, Arguments&&... arguments) {
  runtime().launch(op, kernel, grid, kThreads, 0, arguments...);
}

/// body(std::bool_constant): whether products of this type go to tensor cores now.
template <class T, class Body>
void with_tensor_cores(const Body& body) {
  if constexpr (std::is_same_v<T, float>) {
    if (runtime().tensor_cores()) {
      body(std::true_type{});
      return;
    }
  }
  body(std::false_type{});
}

/// The elements of a tensor that may be undefined: null then.
template <class T>
T* data_or_null(const Tensor& tensor) {
  return tensor.defined() ? tensor.data<T>() : nullptr;
}

}  // namespace elastic::cuda

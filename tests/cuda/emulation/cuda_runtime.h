// The part of CUDA that src/cuda uses, on the host: its kernels compile unchanged with the host's
// compiler and run thread by thread, so that they can be tested where there is no GPU. Every thread
// of a block is a fiber; barriers and warp exchanges switch between them. Times are
// meaningless.
//
// It catches reads past barriers (threads run in order, and with
// ELASTIC_EMULATION_ORDER=reverse in the opposite one: results must not change), barriers that not
// all threads reach, host code that touches device memory (protected outside kernels and copies),
// and, built with the address sanitizer, its findings. Fresh device memory and each block's
// dynamic shared memory start as not-a-numbers.
#pragma once

#include <math.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <tuple>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
#define __shared__ thread_local
#define __align__(n) __attribute__((aligned(n)))

struct uint3 {
  unsigned int x, y, z;
};
struct dim3 {
  unsigned int x, y, z;
  constexpr dim3(unsigned int x_ = 1, unsigned int y_ = 1, unsigned int z_ = 1)
      : x(x_), y(y_), z(z_) {}
};

// --- inside kernels -----------------------------------------------------------------------------
namespace emulation {

struct Place {
  uint3 thread{};
  uint3 block{};
  dim3 block_size;
  dim3 grid_size;
};
const Place& here();
void sync_block();
void sync_warp();
/// Each lane of a warp publishes `bytes` <= 64 bytes; returns the slots of all 32, 64 bytes apart,
/// valid until the lane's next exchange.
const unsigned char* publish(const void* value, std::size_t bytes);

template <class T>
T exchange(T value, unsigned int source) {
  T result;
  std::memcpy(&result, publish(&value, sizeof(T)) + 64 * source, sizeof(T));
  return result;
}
inline unsigned int lane() {
  return here().thread.x % 32;
}

}  // namespace emulation

#define threadIdx (::emulation::here().thread)
#define blockIdx (::emulation::here().block)

namespace emulation {

// No macros: cudaLaunchConfig_t has members of these names.
template <dim3 Place::*size>
struct Extent {
  template <unsigned int dim3::*axis>
  struct Axis {
    operator unsigned int() const { return here().*size.*axis; }
  };
  Axis<&dim3::x> x;
  Axis<&dim3::y> y;
  Axis<&dim3::z> z;
};

}  // namespace emulation

inline constexpr emulation::Extent<&emulation::Place::block_size> blockDim;
inline constexpr emulation::Extent<&emulation::Place::grid_size> gridDim;

inline void __syncthreads() {
  emulation::sync_block();
}
inline void __syncwarp(unsigned int = ~0U) {
  emulation::sync_warp();
}
template <class T>
T __shfl_xor_sync(unsigned int, T value, int mask) {
  return emulation::exchange(value, emulation::lane() ^ static_cast<unsigned int>(mask));
}
template <class T>
T __shfl_sync(unsigned int, T value, int source) {
  return emulation::exchange(value, static_cast<unsigned int>(source) % 32);
}
inline unsigned int __umulhi(unsigned int a, unsigned int b) {
  return static_cast<unsigned int>((static_cast<std::uint64_t>(a) * b) >> 32);
}
template <class T>
T __ldg(const T* address) {
  return *address;
}
inline float __uint_as_float(unsigned int bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}
inline unsigned int __float_as_uint(float value) {
  unsigned int bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}
inline long long __double_as_longlong(double value) {
  long long bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

// --- the runtime --------------------------------------------------------------------------------
enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100,
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal, cudaStreamCaptureModeRelaxed };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize };
constexpr unsigned int cudaHostAllocDefault = 0;
constexpr unsigned int cudaStreamNonBlocking = 1;
constexpr unsigned int cudaEventDisableTiming = 2;

struct cudaDeviceProp {
  char name[256];
  std::size_t totalGlobalMem;
  std::size_t sharedMemPerBlockOptin;
  int multiProcessorCount;
  int major;
  int minor;
};
struct CUstream_st;
using cudaStream_t = CUstream_st*;
struct CUevent_st;
using cudaEvent_t = CUevent_st*;
struct CUgraph_st;
using cudaGraph_t = CUgraph_st*;
struct CUgraphExec_st;
using cudaGraphExec_t = CUgraphExec_st*;
struct cudaLaunchAttribute {};
struct cudaLaunchConfig_t {
  dim3 gridDim;
  dim3 blockDim;
  std::size_t dynamicSmemBytes;
  cudaStream_t stream;
  cudaLaunchAttribute* attrs;
  unsigned int numAttrs;
};

const char* cudaGetErrorName(cudaError_t error);
const char* cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetLastError();
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDevice(int* device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaDriverGetVersion(int* version);
cudaError_t cudaRuntimeGetVersion(int* version);
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total);
cudaError_t cudaMalloc(void** pointer, std::size_t bytes);
cudaError_t cudaFree(void* pointer);
cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned int flags);
cudaError_t cudaFreeHost(void* pointer);
cudaError_t cudaMemcpyAsync(
    void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* target, int value, std::size_t bytes, cudaStream_t stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec,
                                 cudaGraph_t graph,
                                 unsigned long long flags);
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);

template <class Kernel>
cudaError_t cudaFuncSetAttribute(Kernel*, cudaFuncAttribute, int) {
  return cudaSuccess;
}

namespace emulation {

/// Runs `body` as every thread of a grid.
void run_grid(const cudaLaunchConfig_t& config, const std::function<void()>& body);
/// Does work of the device now or, while a graph is captured, each time that is launched.
/// Device memory is accessible meanwhile.
void submit(std::function<void()> work);
cudaError_t check(const cudaLaunchConfig_t& config);
/// Bytes that cudaMalloc allocates at most.
void set_memory_limit(std::size_t bytes);

}  // namespace emulation

template <class... Expected, class... Actual>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config,
                               void (*kernel)(Expected...),
                               Actual&&... arguments) {
  if (const cudaError_t error = emulation::check(*config); error != cudaSuccess) {
    return error;
  }
  emulation::submit([config = *config,
                     kernel,
                     values = std::tuple<Expected...>(static_cast<Expected>(arguments)...)] {
    emulation::run_grid(config, [&] { std::apply(kernel, values); });
  });
  return cudaSuccess;
}

// Device functions of all kernels: shared memory, sums over warps and blocks, loops over a grid.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/runtime.h"

namespace elastic::cuda {

/// The block's dynamic shared memory.
template <class T>
__device__ __forceinline__ T* dynamic_shared() {
  extern __shared__ __align__(128) unsigned char dynamic_shared_memory[];
  return reinterpret_cast<T*>(dynamic_shared_memory);
}

__device__ __forceinline__ int lane_index() {
  return static_cast<int>(threadIdx.x) % kWarp;
}
__device__ __forceinline__ int warp_index() {
  return static_cast<int>(threadIdx.x) / kWarp;
}
__device__ __forceinline__ int thread_index() {
  return static_cast<int>(threadIdx.x);
}
__device__ __forceinline__ int num_threads() {
  return static_cast<int>(blockDim.x);
}

/// The sum over a warp's lanes, in every lane; always in the same order.
template <class T>
__device__ __forceinline__ T warp_sum(T value) {
  for (int mask = kWarp / 2; mask > 0; mask /= 2) {
    value += __shfl_xor_sync(0xFFFFFFFFU, value, mask);
  }
  return value;
}

template <class T>
__device__ __forceinline__ T warp_max(T value) {
  for (int mask = kWarp / 2; mask > 0; mask /= 2) {
    const T other = __shfl_xor_sync(0xFFFFFFFFU, value, mask);
    value = value < other ? other : value;
  }
  return value;
}

/// The sum over a block of kThreads, in every thread. All threads must call it.
template <class T>
__device__ T block_sum(T value) {
  __shared__ T sums[kWarps];
  value = warp_sum(value);
  __syncthreads();  // a previous call has read the sums
  if (lane_index() == 0) {
    sums[warp_index()] = value;
  }
  __syncthreads();
  T total = 0;
  for (int w = 0; w < kWarps; ++w) {
    total += sums[w];
  }
  return total;
}

template <class T>
__device__ T block_max(T value) {
  __shared__ T maxima[kWarps];
  value = warp_max(value);
  __syncthreads();
  if (lane_index() == 0) {
    maxima[warp_index()] = value;
  }
  __syncthreads();
  T result = maxima[0];
  for (int w = 1; w < kWarps; ++w) {
    result = result < maxima[w] ? maxima[w] : result;
  }
  return result;
}

/// The sum over threads 0..own of a block of kThreads, by a scratch of as many elements. All
/// threads must call it.
template <class T>
__device__ T block_scan(T value, T* scratch) {
  const int own = thread_index();
  __syncthreads();  // a previous call's scratch has been read
  scratch[own] = value;
  for (int reach = 1; reach < kThreads; reach *= 2) {
    __syncthreads();
    const T other = own >= reach ? scratch[own - reach] : T(0);
    __syncthreads();
    scratch[own] += other;
  }
  __syncthreads();
  return scratch[own];
}

/// First index and step of a loop over all threads of a one-dimensional grid.
__device__ __forceinline__ std::int64_t grid_thread() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ __forceinline__ std::int64_t grid_size() {
  return static_cast<std::int64_t>(gridDim.x) * blockDim.x;
}
/// The same for warps.
__device__ __forceinline__ std::int64_t grid_warp() {
  return grid_thread() / kWarp;
}
__device__ __forceinline__ std::int64_t grid_warps() {
  return grid_size() / kWarp;
}

template <class T>
__device__ __forceinline__ T lowest();
template <>
__device__ __forceinline__ float lowest<float>() {
  return -__uint_as_float(0x7F800000U);
}
template <>
__device__ __forceinline__ double lowest<double>() {
  return static_cast<double>(lowest<float>());
}

/// Batch of a ragged token: the b with offsets[b] <= token < offsets[b + 1].
__device__ __forceinline__ int segment_of(const std::int32_t* offsets,
                                          int count,
                                          std::int64_t token) {
  int low = 0;
  int high = count;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    if (offsets[middle] <= token) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace elastic::cuda

// LayerNorm of rows, forward and backward: eight lanes take a row, a warp four rows at a time, so
// that enough loads are in flight.
#pragma once

#include "cuda/device.cuh"
#include "tensor/backend.h"
#include "tensor/norm.h"

namespace elastic::cuda {

/// A Norm's parameters on the device; null without parameters.
template <class T>
struct NormView {
  const T* weight;
  const T* bias;

  NormView() = default;
  explicit NormView(const Norm& norm)
      : weight(norm.weight.defined() ? norm.weight.data<T>() : nullptr),
        bias(norm.bias.defined() ? norm.bias.data<T>() : nullptr) {}
};

template <class T>
struct Moments {
  T mean;
  T inverse;  ///< 1 / sqrt(variance + eps)
};

constexpr int kRowLanes = 8;
constexpr int kWarpRows = kWarp / kRowLanes;    ///< rows that a warp takes at a time
constexpr int kBlockRows = kWarps * kWarpRows;  ///< rows that a block takes at a time

/// The lane's place within its row, and the row's within the block's.
__device__ __forceinline__ int row_lane() {
  return lane_index() % kRowLanes;
}
__device__ __forceinline__ int block_row() {
  return thread_index() / kRowLanes;
}

/// The sum over a row's lanes, in each of them. All lanes of the warp must call it.
template <class T>
__device__ __forceinline__ T row_sum(T value) {
  for (int mask = kRowLanes / 2; mask > 0; mask /= 2) {
    value += __shfl_xor_sync(0xFFFFFFFFU, value, mask);
  }
  return value;
}

/// Mean and inverse deviation of row(0..dim-1). All lanes of the warp must call it.
template <class T, class Row>
__device__ __forceinline__ Moments<T> row_moments(int dim, const Row& row) {
  T sum = 0;
#pragma unroll 4
  for (int j = row_lane(); j < dim; j += kRowLanes) {
    sum += row(j);
  }
  const T mean = row_sum(sum) / static_cast<T>(dim);
  T squares = 0;
#pragma unroll 4
  for (int j = row_lane(); j < dim; j += kRowLanes) {
    const T centered = row(j) - mean;
    squares += centered * centered;
  }
  const T variance = row_sum(squares) / static_cast<T>(dim);
  return {mean, T(1) / sqrt(variance + static_cast<T>(kNormEpsilon))};
}

template <class T>
__device__ __forceinline__ T normalized(T x, const Moments<T>& m, const NormView<T>& norm, int j) {
  const T n = (x - m.mean) * m.inverse;
  return norm.weight == nullptr ? n : n * norm.weight[j] + norm.bias[j];
}

/// One row backward: row(j) = x, grad(j) = dL/dy; emit(j, dL/dx, dL/dy * n).
/// dL/dx = r (g w - mean(g w) - n mean(g w n)). All lanes of the warp must call it.
template <class T, class Row, class Grad, class Emit>
__device__ __forceinline__ void norm_row_backward(int dim,
                                                  const Moments<T>& m,
                                                  const NormView<T>& norm,
                                                  const Row& row,
                                                  const Grad& grad,
                                                  const Emit& emit) {
  T sum = 0;
  T dot = 0;
#pragma unroll 4
  for (int j = row_lane(); j < dim; j += kRowLanes) {
    const T g = norm.weight == nullptr ? grad(j) : grad(j) * norm.weight[j];
    sum += g;
    dot += g * (row(j) - m.mean) * m.inverse;
  }
  const T mean_grad = row_sum(sum) / static_cast<T>(dim);
  const T mean_dot = row_sum(dot) / static_cast<T>(dim);
#pragma unroll 4
  for (int j = row_lane(); j < dim; j += kRowLanes) {
    const T plain = grad(j);
    const T g = norm.weight == nullptr ? plain : plain * norm.weight[j];
    const T n = (row(j) - m.mean) * m.inverse;
    emit(j, m.inverse * (g - mean_grad - n * mean_dot), plain * n);
  }
}

}  // namespace elastic::cuda

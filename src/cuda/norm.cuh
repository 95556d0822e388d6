// LayerNorm of rows by warps, forward and backward.
#pragma once

#include "cuda/device.cuh"
#include "tensor/backend.h"

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

/// Mean and inverse deviation of row(0..dim-1), by the lanes of a warp.
template <class T, class Row>
__device__ __forceinline__ Moments<T> row_moments(int dim, const Row& row) {
  T sum = 0;
  for (int j = lane_index(); j < dim; j += kWarp) {
    sum += row(j);
  }
  const T mean = warp_sum(sum) / static_cast<T>(dim);
  T squares = 0;
  for (int j = lane_index(); j < dim; j += kWarp) {
    const T centered = row(j) - mean;
    squares += centered * centered;
  }
  const T variance = warp_sum(squares) / static_cast<T>(dim);
  return {mean, T(1) / sqrt(variance + static_cast<T>(kNormEpsilon))};
}

template <class T>
__device__ __forceinline__ T normalized(T x, const Moments<T>& m, const NormView<T>& norm, int j) {
  const T n = (x - m.mean) * m.inverse;
  return norm.weight == nullptr ? n : n * norm.weight[j] + norm.bias[j];
}

/// One row backward, by a warp: row(j) = x, grad(j) = dL/dy; emit(j, dL/dx, dL/dy * n).
/// dL/dx = r (g w - mean(g w) - n mean(g w n)).
template <class T, class Row, class Grad, class Emit>
__device__ __forceinline__ void norm_row_backward(int dim,
                                                  const Moments<T>& m,
                                                  const NormView<T>& norm,
                                                  const Row& row,
                                                  const Grad& grad,
                                                  const Emit& emit) {
  T sum = 0;
  T dot = 0;
  for (int j = lane_index(); j < dim; j += kWarp) {
    const T g = norm.weight == nullptr ? grad(j) : grad(j) * norm.weight[j];
    sum += g;
    dot += g * (row(j) - m.mean) * m.inverse;
  }
  const T mean_grad = warp_sum(sum) / static_cast<T>(dim);
  const T mean_dot = warp_sum(dot) / static_cast<T>(dim);
  for (int j = lane_index(); j < dim; j += kWarp) {
    const T plain = grad(j);
    const T g = norm.weight == nullptr ? plain : plain * norm.weight[j];
    const T n = (row(j) - m.mean) * m.inverse;
    emit(j, m.inverse * (g - mean_grad - n * mean_dot), plain * n);
  }
}

}  // namespace elastic::cuda

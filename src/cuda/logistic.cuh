// Functions of the logistic distribution, without overflow.
#pragma once

#include "cuda/device.cuh"

namespace elastic::cuda {

/// log(1 + e^x)
template <class T>
__device__ __forceinline__ T softplus(T x) {
  return (x > T(0) ? x : T(0)) + log1p(exp(-fabs(x)));
}

/// 1 / (1 + e^-x)
template <class T>
__device__ __forceinline__ T sigmoid(T x) {
  const T tail = exp(-fabs(x));
  return (x >= T(0) ? T(1) : tail) / (T(1) + tail);
}

/// The derivative of SiLU, x sigmoid(x).
template <class T>
__device__ __forceinline__ T silu_gradient(T x) {
  const T sigma = sigmoid(x);
  return sigma * (T(1) + x * (T(1) - sigma));
}

}  // namespace elastic::cuda

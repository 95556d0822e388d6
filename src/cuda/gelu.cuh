// GELU's tanh form, Hendrycks and Gimpel 2016.
#pragma once

#include "cuda/device.cuh"

namespace elastic::cuda {

constexpr double kGeluCubic = 0.044715;
constexpr double kGeluScale = 0.7978845608028654;  // sqrt(2 / pi)

/// 0.5 x (1 + tanh(u)), u = sqrt(2/pi) (x + 0.044715 x^3)
template <class T>
__device__ __forceinline__ T gelu(T x) {
  const T u = static_cast<T>(kGeluScale) * x * (T(1) + static_cast<T>(kGeluCubic) * x * x);
  return T(0.5) * x * (T(1) + tanh(u));
}

/// 0.5 (1 + t) + 0.5 x (1 - t^2) sqrt(2/pi) (1 + 3 * 0.044715 x^2), t = tanh(u)
template <class T>
__device__ __forceinline__ T gelu_gradient(T x) {
  const T scale = static_cast<T>(kGeluScale);
  const T cubic = static_cast<T>(kGeluCubic);
  const T t = tanh(scale * x * (T(1) + cubic * x * x));
  return T(0.5) * (T(1) + t) +
         T(0.5) * x * (T(1) - t * t) * (scale * (T(1) + T(3) * cubic * x * x));
}

}  // namespace elastic::cuda

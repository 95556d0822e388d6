// SiLU of contiguous elements.
#pragma once

#include <cstdint>

#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {

/// sigmas[i] = 1 / (1 + e^-x[i]); an element's bits do not depend on its place in the array.
template <class T>
void sigmoid(const T* x, std::int64_t count, T* sigmas) {
  for (std::int64_t i = 0; i < count; ++i) {
    sigmas[i] = -x[i];
  }
  exp_in_place(sigmas, count);
  for (std::int64_t i = 0; i < count; ++i) {
    sigmas[i] = T(1) / (T(1) + sigmas[i]);
  }
}

/// SiLU'(x) with sigma = sigma(x).
template <class T>
inline T silu_gradient(T x, T sigma) {
  return sigma * (T(1) + x * (T(1) - sigma));
}

}  // namespace elastic::cpu

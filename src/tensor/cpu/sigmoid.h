// The logistic function over contiguous arrays.
#pragma once

#include <cstdint>

#include "tensor/cpu/simd.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {

/// y[i] = 1 / (1 + exp(-x[i])). An element's bits do not depend on its place in the array.
template <class T>
inline void sigmoid(const T* x, std::int64_t count, T* y) {
  for_lanes<T>(count, [&](auto zero, std::int64_t i) {
    using V = decltype(zero);
    store(y + i, -load<V>(x + i));
  });
  exp_in_place(y, count);
  for_lanes<T>(count, [&](auto zero, std::int64_t i) {
    using V = decltype(zero);
    store(y + i, T(1) / (T(1) + load<V>(y + i)));
  });
}

}  // namespace elastic::cpu

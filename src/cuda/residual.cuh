// The end of a layer: bias, dropout and residual in one pass.
#pragma once

#include <algorithm>

#include "cuda/dropout.cuh"
#include "cuda/runtime.h"

namespace elastic::cuda {

template <class T>
__global__ void residual_kernel(std::int64_t first,
                                std::int64_t count,
                                std::int64_t columns,
                                const T* bias,
                                const T* residual,
                                DropoutView<T> dropout,
                                T* y) {
  const std::int64_t units = dropout_units(first, count);
  for (std::int64_t unit = grid_thread(); unit < units; unit += grid_size()) {
    for_dropout_unit(dropout, first, count, unit, [&](std::int64_t e, T factor) {
      y[e] = residual[e] + factor * (y[e] + bias[e % columns]);
    });
  }
}

/// y = residual + dropout(y + bias) for elements first..first+count-1 of matrices with `columns`.
template <class T>
void add_residual(const char* op,
                  std::int64_t first,
                  std::int64_t count,
                  std::int64_t columns,
                  const T* bias,
                  const T* residual,
                  const DropoutView<T>& dropout,
                  T* y) {
  if (count > 0) {
    runtime().launch(op,
                     residual_kernel<T>,
                     dim3(std::min(blocks_of(dropout_units(first, count), kThreads), 1U << 16)),
                     kThreads,
                     0,
                     first,
                     count,
                     columns,
                     bias,
                     residual,
                     dropout,
                     y);
  }
}

}  // namespace elastic::cuda

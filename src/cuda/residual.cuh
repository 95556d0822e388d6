// The end of a layer: bias, dropout and residual in one pass.
#pragma once

#include <algorithm>

#include "cuda/dropout.cuh"
#include "cuda/runtime.h"
#include "cuda/tile.cuh"

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
  const Divider by_columns(static_cast<int>(columns));
  for (std::int64_t unit = grid_thread(); unit < units; unit += grid_size()) {
    for_dropout_unit(dropout, first, count, unit, [&](std::int64_t e, T factor) {
      const int place = static_cast<int>(e - first);
      const int j = place - by_columns.quotient(place) * static_cast<int>(columns);
      y[e] = residual[e] + factor * (y[e] + bias[j]);
    });
  }
}

/// y = residual + dropout(y + bias) for elements first..first+count-1, whole rows, of matrices with
/// `columns`.
template <class T>
void add_residual(const char* op,
                  std::int64_t first,
                  std::int64_t count,
                  std::int64_t columns,
                  const T* bias,
                  const T* residual,
                  const DropoutView<T>& dropout,
                  T* y) {
  const std::int64_t part = (std::int64_t{1} << 30) / columns * columns;  // places are 32 bits
  for (std::int64_t done = 0; done < count; done += part) {
    const std::int64_t size = std::min(part, count - done);
    launch(op,
           residual_kernel<T>,
           element_grid(dropout_units(first + done, size)),
           first + done,
           size,
           columns,
           bias,
           residual,
           dropout,
           y);
  }
}

}  // namespace elastic::cuda

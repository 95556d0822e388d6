// LayerNorm over the rows of a matrix, given by a source that makes them: a warp takes a row and
// keeps it in shared memory, so that the source is asked once.
//
// A source has `dim`, x(i, j) and, for backward, grad(i, j).
#pragma once

#include <cstdint>

#include "cuda/dropout.cuh"
#include "cuda/norm.cuh"
#include "cuda/reduce.h"
#include "cuda/runtime.h"

namespace elastic::cuda {

constexpr std::int64_t kNormRows = 64;  ///< rows of a block in backward

/// Rows as they lie in memory.
template <class T>
struct PlainRow {
  const T* data;
  const T* grad_data;  ///< backward only
  int dim;

  __device__ T x(std::int64_t i, int j) const { return data[i * dim + j]; }
  __device__ T grad(std::int64_t i, int j) const { return grad_data[i * dim + j]; }
};

// Shared memory: a row for each warp.
template <class T, class Source>
__global__ void __launch_bounds__(kThreads) norm_rows_kernel(
    std::int64_t rows, Source source, NormView<T> norm, DropoutView<T> dropout, T* y) {
  const int dim = source.dim;
  T* row = dynamic_shared<T>() + warp_index() * dim;
  DropoutCursor<T> cursor{dropout};
  for (std::int64_t i = grid_warp(); i < rows; i += grid_warps()) {
    for (int j = lane_index(); j < dim; j += kWarp) {
      row[j] = source.x(i, j);
    }
    const Moments<T> moments = row_moments<T>(dim, [&](int j) { return row[j]; });
    for (int j = lane_index(); j < dim; j += kWarp) {
      const std::int64_t e = i * dim + j;
      y[e] = normalized(row[j], moments, norm, j) * cursor.factor(e);
    }
  }
}

// Shared memory: for each warp a row, its gradient and the sums of the norm's gradient, 4 dim.
template <class T, class Source>
__global__ void __launch_bounds__(kThreads) norm_rows_backward_kernel(
    std::int64_t rows, Source source, NormView<T> norm, const T* residual, T* grad_x, T* partials) {
  const int dim = source.dim;
  T* sums = dynamic_shared<T>();
  T* own = sums + warp_index() * 2 * dim;
  T* row = sums + (kWarps + warp_index()) * 2 * dim;
  T* grad = row + dim;
  for (int j = lane_index(); j < 2 * dim; j += kWarp) {
    own[j] = T(0);
  }
  const std::int64_t begin = static_cast<std::int64_t>(blockIdx.x) * kNormRows;
  const std::int64_t end = begin + kNormRows < rows ? begin + kNormRows : rows;
  for (std::int64_t i = begin + warp_index(); i < end; i += kWarps) {
    for (int j = lane_index(); j < dim; j += kWarp) {
      row[j] = source.x(i, j);
      grad[j] = source.grad(i, j);
    }
    const auto x_at = [&](int j) { return row[j]; };
    const auto grad_at = [&](int j) { return grad[j]; };
    const Moments<T> moments = row_moments<T>(dim, x_at);
    norm_row_backward(dim, moments, norm, x_at, grad_at, [&](int j, T grad_in, T grad_weight) {
      own[j] += grad_weight;
      own[dim + j] += grad[j];
      const std::int64_t e = i * dim + j;
      grad_x[e] = residual == nullptr ? grad_in : residual[e] + grad_in;
    });
  }
  __syncthreads();
  for (int j = thread_index(); j < 2 * dim; j += num_threads()) {
    T sum = 0;
    for (int w = 0; w < kWarps; ++w) {
      sum += sums[w * 2 * dim + j];
    }
    partials[static_cast<std::int64_t>(blockIdx.x) * 2 * dim + j] = sum;
  }
}

/// y [rows, dim] = dropout(norm(source))
template <class T, class Source>
void norm_rows(const char* op,
               std::int64_t rows,
               const Source& source,
               const Norm& norm,
               const DropoutView<T>& dropout,
               T* y) {
  runtime().launch(op,
                   norm_rows_kernel<T, Source>,
                   dim3(blocks_of(rows, kWarps)),
                   kThreads,
                   static_cast<std::size_t>(kWarps * source.dim) * sizeof(T),
                   rows,
                   source,
                   NormView<T>(norm),
                   dropout,
                   y);
}

/// grad_x = dL/dx (+ residual, unless null; either may be the source's gradient), and the norm's
/// gradient in partials [ceil(rows / kNormRows), 2 dim], for write_norm_gradient.
template <class T, class Source>
void norm_rows_backward(const char* op,
                        std::int64_t rows,
                        const Source& source,
                        const Norm& norm,
                        const T* residual,
                        T* grad_x,
                        T* partials) {
  runtime().launch(op,
                   norm_rows_backward_kernel<T, Source>,
                   dim3(blocks_of(rows, kNormRows)),
                   kThreads,
                   static_cast<std::size_t>(kWarps * 4 * source.dim) * sizeof(T),
                   rows,
                   source,
                   NormView<T>(norm),
                   residual,
                   grad_x,
                   partials);
}

}  // namespace elastic::cuda

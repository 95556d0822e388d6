// LayerNorm over the rows of a matrix, given by a source that makes them and is asked once: the
// rows then stand in shared memory.
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

  __device__ T x(std::int64_t i, int j) const { return __ldg(data + i * dim + j); }
  __device__ T grad(std::int64_t i, int j) const { return __ldg(grad_data + i * dim + j); }
};

// Shared memory: kBlockRows rows.
template <class T, class Source>
__global__ void __launch_bounds__(kThreads) norm_rows_kernel(
    std::int64_t rows, Source source, NormView<T> norm, DropoutView<T> dropout, T* y) {
  const int dim = source.dim;
  T* row = dynamic_shared<T>() + block_row() * dim;
  DropoutCursor<T> cursor{dropout};
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kBlockRows + block_row();
  const int own = i < rows ? dim : 0;  // lanes past the rows only keep the others company
#pragma unroll 8
  for (int j = row_lane(); j < own; j += kRowLanes) {
    row[j] = source.x(i, j);
  }
  const Moments<T> moments = row_moments<T>(own, [&](int j) { return row[j]; });
#pragma unroll 4
  for (int j = row_lane(); j < own; j += kRowLanes) {
    const std::int64_t e = i * dim + j;
    y[e] = normalized(row[j], moments, norm, j) * cursor.factor(e);
  }
}

// Shared memory: kBlockRows rows, their gradients, and the sums of the norm's gradient.
template <class T, class Source>
__global__ void __launch_bounds__(kThreads) norm_rows_backward_kernel(
    std::int64_t rows, Source source, NormView<T> norm, const T* residual, T* grad_x, T* partials) {
  const int dim = source.dim;
  T* x_tile = dynamic_shared<T>();
  T* grad_tile = x_tile + kBlockRows * dim;
  T* sums = grad_tile + kBlockRows * dim;
  T* row = x_tile + block_row() * dim;
  T* grad = grad_tile + block_row() * dim;
  const int sum_size = column_sum_size(dim);
  for (int e = thread_index(); e < 2 * sum_size; e += num_threads()) {
    sums[e] = T(0);
  }
  const std::int64_t begin = static_cast<std::int64_t>(blockIdx.x) * kNormRows;
  const std::int64_t end = begin + kNormRows < rows ? begin + kNormRows : rows;
  for (std::int64_t first = begin; first < end; first += kBlockRows) {
    const std::int64_t i = first + block_row();
    const int own = i < end ? dim : 0;
#pragma unroll 4
    for (int j = row_lane(); j < own; j += kRowLanes) {
      row[j] = source.x(i, j);
      grad[j] = source.grad(i, j);
    }
    const auto x_at = [&](int j) { return row[j]; };
    const auto grad_at = [&](int j) { return grad[j]; };
    const Moments<T> moments = row_moments<T>(own, x_at);
    norm_row_backward(own, moments, norm, x_at, grad_at, [&](int j, T grad_in, T product) {
      const std::int64_t e = i * dim + j;
      grad_x[e] = residual == nullptr ? grad_in : residual[e] + grad_in;
      row[j] = product;
    });
    __syncthreads();
    const int count = end - first < kBlockRows ? static_cast<int>(end - first) : kBlockRows;
    add_column_sums(x_tile, dim, count, dim, sums);
    add_column_sums(grad_tile, dim, count, dim, sums + sum_size);
    __syncthreads();
  }
  T* out = partials + static_cast<std::int64_t>(blockIdx.x) * 2 * dim;
  store_column_sums(sums, dim, out);
  store_column_sums(sums + sum_size, dim, out + dim);
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
                   dim3(blocks_of(rows, kBlockRows)),
                   kThreads,
                   static_cast<std::size_t>(kBlockRows * source.dim) * sizeof(T),
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
  runtime().launch(
      op,
      norm_rows_backward_kernel<T, Source>,
      dim3(blocks_of(rows, kNormRows)),
      kThreads,
      static_cast<std::size_t>(2 * kBlockRows * source.dim + 2 * column_sum_size(source.dim)) *
          sizeof(T),
      rows,
      source,
      NormView<T>(norm),
      residual,
      grad_x,
      partials);
}

}  // namespace elastic::cuda

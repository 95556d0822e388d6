// LayerNorm over the rows of a matrix, given by a source that computes them. Each element is read
// from the source once and kept in shared memory.
//
// A source has `dim`, x(i, j) and, for backward, grad(i, j, cursor), with a cursor for its dropout.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "cuda/column_sums.cuh"
#include "cuda/dropout.cuh"
#include "cuda/norm.cuh"
#include "cuda/reduce.h"
#include "cuda/runtime.h"
#include "tensor/norm.h"

namespace elastic::cuda {

constexpr std::int64_t kNormRows = 64;  ///< rows of a block in backward

/// Rows of a matrix in memory.
template <class T>
struct PlainRow {
  const T* data;
  const T* grad_data;  ///< backward only
  int dim;

  __device__ T x(std::int64_t i, int j) const { return __ldg(data + i * dim + j); }
  __device__ T grad(std::int64_t i, int j, DropoutCursor<T>& /*cursor*/) const {
    return __ldg(grad_data + i * dim + j);
  }
};

// Rows of a block: 32, fewer for long rows.
__device__ __forceinline__ int num_block_rows() {
  return num_threads() / kRowLanes;
}

// body(j, cursor) for a lane's elements of a row: every second one shares a dropout counter.
template <class T, class Body>
__device__ __forceinline__ void for_row_elements(int dim,
                                                 const DropoutView<T>& dropout,
                                                 const Body& body) {
  DropoutCursor<T> even{dropout};
  DropoutCursor<T> odd{dropout};
#pragma unroll 4
  for (int j = row_lane(); j < dim; j += 2 * kRowLanes) {
    body(j, even);
    if (j + kRowLanes < dim) {
      body(j + kRowLanes, odd);
    }
  }
}

// Shared memory: a block's rows.
template <class T, class Source>
__global__ void __launch_bounds__(kThreads) norm_rows_kernel(
    std::int64_t rows, Source source, NormView<T> norm, DropoutView<T> dropout, T* y) {
  const int dim = source.dim;
  T* row = dynamic_shared<T>() + block_row() * dim;
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * num_block_rows() + block_row();
  const int own = i < rows ? dim : 0;  // lanes past the rows take part in sums only
#pragma unroll 8
  for (int j = row_lane(); j < own; j += kRowLanes) {
    row[j] = source.x(i, j);
  }
  const Moments<T> moments = row_moments<T>(own, [&](int j) { return row[j]; });
  for_row_elements(own, dropout, [&](int j, DropoutCursor<T>& cursor) {
    const std::int64_t e = i * dim + j;
    y[e] = normalized(row[j], moments, norm, j) * cursor.factor(e);
  });
}

// Shared memory: a block's rows, their gradients, and the sums of the norm's gradient.
template <class T, class Source>
__global__ void __launch_bounds__(kThreads) norm_rows_backward_kernel(std::int64_t rows,
                                                                      Source source,
                                                                      NormView<T> norm,
                                                                      DropoutView<T> dropout,
                                                                      const T* residual,
                                                                      T* grad_x,
                                                                      T* partials) {
  const int dim = source.dim;
  T* x_tile = dynamic_shared<T>();
  const int block_rows = num_block_rows();
  T* grad_tile = x_tile + block_rows * dim;
  T* sums = grad_tile + block_rows * dim;
  T* row = x_tile + block_row() * dim;
  T* grad = grad_tile + block_row() * dim;
  const int sum_size = column_sum_size(dim);
  for (int e = thread_index(); e < 2 * sum_size; e += num_threads()) {
    sums[e] = T(0);
  }
  const std::int64_t begin = static_cast<std::int64_t>(blockIdx.x) * kNormRows;
  const std::int64_t end = begin + kNormRows < rows ? begin + kNormRows : rows;
  for (std::int64_t first = begin; first < end; first += block_rows) {
    const std::int64_t i = first + block_row();
    const int own = i < end ? dim : 0;
    for_row_elements(own, dropout, [&](int j, DropoutCursor<T>& cursor) {
      row[j] = source.x(i, j);
      grad[j] = source.grad(i, j, cursor);
    });
    const auto x_at = [&](int j) { return row[j]; };
    const auto grad_at = [&](int j) { return grad[j]; };
    const Moments<T> moments = row_moments<T>(own, x_at);
    norm_row_backward(own, moments, norm, x_at, grad_at, [&](int j, T grad_in, T product) {
      const std::int64_t e = i * dim + j;
      grad_x[e] = residual == nullptr ? grad_in : residual[e] + grad_in;
      row[j] = product;
    });
    __syncthreads();
    const int count = end - first < block_rows ? static_cast<int>(end - first) : block_rows;
    add_column_sums(x_tile, dim, count, dim, sums);
    add_column_sums(grad_tile, dim, count, dim, sums + sum_size);
    __syncthreads();
  }
  T* out = partials + static_cast<std::int64_t>(blockIdx.x) * 2 * dim;
  store_column_sums(sums, dim, out);
  store_column_sums(sums + sum_size, dim, out + dim);
}

/// Threads of a block whose shared memory fits: `tile_rows` rows for each of its rows, and `fixed`
/// elements.
template <class T>
unsigned int row_threads(const char* op,
                         std::int64_t tile_rows,
                         std::int64_t dim,
                         std::int64_t fixed) {
  const auto limit = static_cast<std::int64_t>(runtime().shared_limit() / sizeof(T));
  for (unsigned int threads = kThreads; threads >= kWarp; threads /= 2) {
    if (threads / kRowLanes * tile_rows * dim + fixed <= limit) {
      return threads;
    }
  }
  throw UsageError("cuda: ", op, ": rows of ", dim, " numbers are too long; lower --dim");
}

/// y [rows, dim] = dropout(norm(source))
template <class T, class Source>
void norm_rows(const char* op,
               std::int64_t rows,
               const Source& source,
               const Norm& norm,
               const DropoutView<T>& dropout,
               T* y) {
  const unsigned int threads = row_threads<T>(op, 1, source.dim, 0);
  const unsigned int block_rows = threads / kRowLanes;
  runtime().launch(op,
                   norm_rows_kernel<T, Source>,
                   dim3(blocks_of(rows, block_rows)),
                   threads,
                   std::size_t{block_rows} * static_cast<std::size_t>(source.dim) * sizeof(T),
                   rows,
                   source,
                   NormView<T>(norm),
                   dropout,
                   y);
}

/// grad_x = dL/dx (+ residual, unless null; either may be the source's gradient), and the norm's
/// gradient in partials [ceil(rows / kNormRows), 2 dim], for write_norm_gradient. `dropout` is for
/// the source's gradient.
template <class T, class Source>
void norm_rows_backward(const char* op,
                        std::int64_t rows,
                        const Source& source,
                        const Norm& norm,
                        const DropoutView<T>& dropout,
                        const T* residual,
                        T* grad_x,
                        T* partials) {
  const std::int64_t sums = 2 * column_sum_size(source.dim);
  const unsigned int threads = row_threads<T>(op, 2, source.dim, sums);
  const std::int64_t elements = std::int64_t{2} * (threads / kRowLanes) * source.dim + sums;
  runtime().launch(op,
                   norm_rows_backward_kernel<T, Source>,
                   dim3(blocks_of(rows, kNormRows)),
                   threads,
                   static_cast<std::size_t>(elements) * sizeof(T),
                   rows,
                   source,
                   NormView<T>(norm),
                   dropout,
                   residual,
                   grad_x,
                   partials);
}

}  // namespace elastic::cuda

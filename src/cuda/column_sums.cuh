// Sums over the rows of tiles in shared memory, for the gradients of biases and norms.
#pragma once

#include "cuda/device.cuh"

namespace elastic::cuda {

/// Column sums of tiles that follow each other, in a fixed order. Threads share the rows of a
/// column where there are fewer columns than threads: each keeps its own sum.
__host__ __device__ constexpr int column_shares(int columns) {
  return columns < kThreads ? kThreads / columns : 1;
}
/// Elements that the sums of one tile's columns take.
__host__ __device__ constexpr int column_sum_size(int columns) {
  return column_shares(columns) * columns;
}
/// sums[share, j] += the share's rows of the tile; rows are `stride` apart.
template <class T>
__device__ void add_column_sums(const T* tile, int stride, int rows, int columns, T* sums) {
  const int shares = column_shares(columns);
  for (int e = thread_index(); e < shares * columns; e += num_threads()) {
    const int j = e % columns;
    T sum = sums[e];
#pragma unroll 4
    for (int i = e / columns; i < rows; i += shares) {
      sum += tile[i * stride + j];
    }
    sums[e] = sum;
  }
}
/// out[j] = the sum of column j's shares.
template <class T>
__device__ void store_column_sums(const T* sums, int columns, T* out) {
  for (int j = thread_index(); j < columns; j += num_threads()) {
    T sum = 0;
    for (int share = 0; share < column_shares(columns); ++share) {
      sum += sums[share * columns + j];
    }
    out[j] = sum;
  }
}

}  // namespace elastic::cuda

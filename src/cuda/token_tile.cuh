// Tiles of a segment's tokens in shared memory, normalised and differentiated there.
#pragma once

#include "cuda/chunks.h"
#include "cuda/norm.cuh"
#include "cuda/tile.cuh"

namespace elastic::cuda {

/// A block's tokens [begin, end) of a segment; `slot` is its place among all chunks of the batch.
struct Chunk {
  int segment;
  std::int64_t begin;
  std::int64_t end;
  std::int64_t slot;
};

/// The chunk of the block in a grid of (segments, max_chunks); past its segment's end it is empty.
__device__ __forceinline__ Chunk chunk_of(const std::int32_t* offsets) {
  const std::int64_t begin =
      offsets[blockIdx.x] + static_cast<std::int64_t>(blockIdx.y) * kTokenChunk;
  const std::int64_t last = offsets[blockIdx.x + 1];
  return {static_cast<int>(blockIdx.x),
          begin,
          begin + kTokenChunk < last ? begin + kTokenChunk : last,
          static_cast<std::int64_t>(blockIdx.x) * gridDim.y + blockIdx.y};
}

/// Tokens [begin, begin + rows) of x [T, dim], a tile of `capacity` rows.
template <class T>
struct TokenTile {
  const T* x;
  std::int64_t begin;
  int rows;
  int capacity;
  int dim;
};

/// z = norm(x) with zeros past the tokens, and their moments: a warp takes a row. The tile is
/// complete after the next barrier.
template <class T>
__device__ void load_norm_tile(const TokenTile<T>& tile,
                               const NormView<T>& norm,
                               T* z,
                               Moments<T>* moments) {
  const int stride = row_stride(tile.dim);
  for (int i = warp_index(); i < tile.capacity; i += kWarps) {
    T* out = z + i * stride;
    if (i >= tile.rows) {
      for (int j = lane_index(); j < tile.dim; j += kWarp) {
        out[j] = T(0);
      }
      continue;
    }
    const T* in = tile.x + (tile.begin + i) * tile.dim;
    for (int j = lane_index(); j < tile.dim; j += kWarp) {
      out[j] = in[j];
    }
    const Moments<T> m = row_moments<T>(tile.dim, [&](int j) { return out[j]; });
    for (int j = lane_index(); j < tile.dim; j += kWarp) {
      out[j] = normalized(out[j], m, norm, j);
    }
    if (moments != nullptr && lane_index() == 0) {
      moments[i] = m;
    }
  }
}

/// From dL/dz in shared memory: grad_x = residual + dL/dx at the tile's tokens, and
/// `products` = dL/dz * n, whose column sums are the norm weight's gradient. All of the block calls
/// it; complete after the next barrier.
template <class T>
__device__ void norm_tile_backward(const TokenTile<T>& tile,
                                   const NormView<T>& norm,
                                   const Moments<T>* moments,
                                   const T* grad_z,
                                   const T* residual,
                                   T* grad_x,
                                   T* products) {
  const int stride = row_stride(tile.dim);
  for (int i = warp_index(); i < tile.rows; i += kWarps) {
    const std::int64_t first = (tile.begin + i) * tile.dim;
    norm_row_backward(
        tile.dim,
        moments[i],
        norm,
        [&](int j) { return tile.x[first + j]; },
        [&](int j) { return grad_z[i * stride + j]; },
        [&](int j, T grad_in, T product) {
          grad_x[first + j] = residual[first + j] + grad_in;
          products[i * stride + j] = product;
        });
  }
}

/// sums[j] += the tile's column sums, in the order of the rows.
template <class T>
__device__ void add_column_sums(const T* tile, int rows, int columns, T* sums) {
  const int stride = row_stride(columns);
  for (int j = thread_index(); j < columns; j += num_threads()) {
    T sum = sums[j];
    for (int i = 0; i < rows; ++i) {
      sum += tile[i * stride + j];
    }
    sums[j] = sum;
  }
}

}  // namespace elastic::cuda

// Tiles of a segment's tokens in shared memory, normalised and differentiated there.
#pragma once

#include "cuda/chunks.h"
#include "cuda/column_sums.cuh"
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

/// z = norm(x) with zeros past the tokens, and their moments unless null. The tile is complete
/// after the next barrier.
template <class T>
__device__ void load_norm_tile(const TokenTile<T>& tile,
                               const NormView<T>& norm,
                               T* z,
                               Moments<T>* moments) {
  const int stride = row_stride(tile.dim);
  // A lane requests all of its rows before it waits for the first.
  for (int i = block_row(); i < tile.capacity; i += kBlockRows) {
    T* out = z + i * stride;
    const T* in = tile.x + (tile.begin + i) * tile.dim;
#pragma unroll 8
    for (int j = row_lane(); j < tile.dim; j += kRowLanes) {
      out[j] = i < tile.rows ? __ldg(in + j) : T(0);
    }
  }
  for (int first = 0; first < tile.capacity; first += kBlockRows) {
    const int i = first + block_row();
    const int own = i < tile.rows ? tile.dim : 0;  // lanes past the rows: sums only
    T* out = z + i * stride;
    const Moments<T> m = row_moments<T>(own, [&](int j) { return out[j]; });
#pragma unroll 4
    for (int j = row_lane(); j < own; j += kRowLanes) {
      out[j] = normalized(out[j], m, norm, j);
    }
    if (moments != nullptr && own > 0 && row_lane() == 0) {
      moments[i] = m;
    }
  }
}

/// From dL/dz in shared memory: grad_x = residual + dL/dx at the tile's tokens, and
/// `products` = dL/dz * n, whose column sums are the norm weight's gradient. All threads of the
/// block call it; complete after the next barrier.
template <class T>
__device__ void norm_tile_backward(const TokenTile<T>& tile,
                                   const NormView<T>& norm,
                                   const Moments<T>* moments,
                                   const T* grad_z,
                                   const T* residual,
                                   T* grad_x,
                                   T* products) {
  const int stride = row_stride(tile.dim);
  for (int first_row = 0; first_row < tile.rows; first_row += kBlockRows) {
    const int i = first_row + block_row();
    const int own = i < tile.rows ? tile.dim : 0;
    const std::int64_t first = (tile.begin + i) * tile.dim;
    norm_row_backward(
        own,
        moments[own > 0 ? i : 0],
        norm,
        [&](int j) { return __ldg(tile.x + first + j); },
        [&](int j) { return grad_z[i * stride + j]; },
        [&](int j, T grad_in, T product) {
          grad_x[first + j] = residual[first + j] + grad_in;
          products[i * stride + j] = product;
        });
  }
}

}  // namespace elastic::cuda

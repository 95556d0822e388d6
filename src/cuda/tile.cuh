// Matrix products of tiles in shared memory, by the warps of a block.
//
// Matrices have rows of `row_stride(columns)` elements; rows are padded to a multiple of 16 and
// columns to a multiple of 8, with zeros: products read the padding.
#pragma once

#include "cuda/device.cuh"
#include "cuda/mma.cuh"

namespace elastic::cuda {

__host__ __device__ constexpr int round_up(int value, int unit) {
  return (value + unit - 1) / unit * unit;
}
/// Elements from row to row: off a multiple of 32 by 4 for the usual sizes, so that the eight rows
/// that a tensor core's operand takes lie in different banks.
__host__ __device__ constexpr int row_stride(int columns) {
  return round_up(columns, 8) + 4;
}
/// Elements of a matrix.
__host__ __device__ constexpr int tile_size(int rows, int columns) {
  return round_up(rows, 16) * row_stride(columns);
}

/// Element (i, j) at data[i * row + j * column].
template <class T>
struct TileView {
  const T* data;
  int row;
  int column;

  __device__ T operator()(int i, int j) const { return data[i * row + j * column]; }
};

template <class T>
__device__ __forceinline__ TileView<T> rows_of(const T* data, int columns) {
  return {data, row_stride(columns), 1};
}
template <class T>
__device__ __forceinline__ TileView<T> transposed(const T* data, int columns) {
  return {data, 1, row_stride(columns)};
}

// A warp's part: 16 rows from `m`, 8 kGroups columns from `n`. emit(i, j, sum) for each element.
template <bool kTensorCores, int kGroups, class T, class Emit>
__device__ void warp_product(
    const TileView<T>& a, const TileView<T>& b, int m, int n, int depth, const Emit& emit) {
  const int group = lane_index() / 4;
  const int slot = lane_index() % 4;
  T sums[kGroups][4] = {};
  if constexpr (kTensorCores) {
    for (int k = 0; k < depth; k += 8) {
      const std::uint32_t left[4] = {to_tf32(a(m + group, k + slot)),
                                     to_tf32(a(m + group + 8, k + slot)),
                                     to_tf32(a(m + group, k + slot + 4)),
                                     to_tf32(a(m + group + 8, k + slot + 4))};
#pragma unroll
      for (int g = 0; g < kGroups; ++g) {
        const std::uint32_t right[2] = {to_tf32(b(k + slot, n + 8 * g + group)),
                                        to_tf32(b(k + slot + 4, n + 8 * g + group))};
        mma_tf32(sums[g], left, right);
      }
    }
  } else {
#pragma unroll 4
    for (int k = 0; k < depth; ++k) {
      const T upper = a(m + group, k);
      const T lower = a(m + group + 8, k);
#pragma unroll
      for (int g = 0; g < kGroups; ++g) {
        const T first = b(k, n + 8 * g + 2 * slot);
        const T second = b(k, n + 8 * g + 2 * slot + 1);
        sums[g][0] += upper * first;
        sums[g][1] += upper * second;
        sums[g][2] += lower * first;
        sums[g][3] += lower * second;
      }
    }
  }
#pragma unroll
  for (int g = 0; g < kGroups; ++g) {
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      emit(m + group + (e >= 2 ? 8 : 0), n + 8 * g + 2 * slot + e % 2, sums[g][e]);
    }
  }
}

/// emit(i, j, sum over k < depth of a(i, k) b(k, j)) for i < rows, j < columns, each once, by all
/// threads of the block. Operands must be complete (a barrier before); emit's results
/// are after the next barrier. `depth` is rounded up to a multiple of 8.
template <bool kTensorCores, class T, class Emit>
__device__ void block_product(const TileView<T>& a,
                              const TileView<T>& b,
                              int rows,
                              int columns,
                              int depth,
                              const Emit& emit) {
  const auto guarded = [&](int i, int j, T sum) {
    if (i < rows && j < columns) {
      emit(i, j, sum);
    }
  };
  const int warps = num_threads() / kWarp;
  const int row_tiles = (rows + 15) / 16;
  const int groups = (columns + 7) / 8;
  int done = 0;  // groups of columns taken so far
  if (row_tiles * (groups / 4) >= warps) {
    const int wide = groups / 4;
    for (int unit = warp_index(); unit < row_tiles * wide; unit += warps) {
      warp_product<kTensorCores, 4>(a, b, unit / wide * 16, unit % wide * 32, depth, guarded);
    }
    done = wide * 4;
  } else if (row_tiles * (groups / 2) >= warps) {
    const int wide = groups / 2;
    for (int unit = warp_index(); unit < row_tiles * wide; unit += warps) {
      warp_product<kTensorCores, 2>(a, b, unit / wide * 16, unit % wide * 16, depth, guarded);
    }
    done = wide * 2;
  }
  const int rest = groups - done;
  for (int unit = warp_index(); unit < row_tiles * rest; unit += warps) {
    warp_product<kTensorCores, 1>(a, b, unit / rest * 16, (done + unit % rest) * 8, depth, guarded);
  }
}

/// Sets the block's shared memory to zero, and waits.
template <class T>
__device__ void clear_shared(T* data, int count) {
  for (int i = thread_index(); i < count; i += num_threads()) {
    data[i] = T(0);
  }
  __syncthreads();
}

/// body(i, j) for all elements of a [rows, columns] matrix: a warp takes a row.
template <class Body>
__device__ __forceinline__ void for_each_element(int rows, int columns, const Body& body) {
  for (int i = warp_index(); i < rows; i += kWarps) {
#pragma unroll 2
    for (int j = lane_index(); j < columns; j += kWarp) {
      body(i, j);
    }
  }
}

/// Copies a row-major matrix [rows, columns] of global memory, rows `source_stride` apart.
template <class T>
__device__ void load_tile(const T* source,
                          std::int64_t source_stride,
                          int rows,
                          int columns,
                          T* target,
                          T factor = T(1)) {
  const int stride = row_stride(columns);
  for_each_element(rows, columns, [&](int i, int j) {
    target[i * stride + j] = factor * __ldg(source + i * source_stride + j);
  });
}

/// Zeros in rows begin..end-1 of a tile.
template <class T>
__device__ void clear_rows(T* target, int columns, int begin, int end) {
  const int stride = row_stride(columns);
  for_each_element(
      end - begin, columns, [&](int i, int j) { target[(begin + i) * stride + j] = T(0); });
}

/// Division of 0..2^31-1 by one number, again and again: Granlund and Montgomery 1994.
class Divider {
 public:
  __device__ explicit Divider(int divisor) : divisor_(static_cast<std::uint32_t>(divisor)) {
    while ((std::uint64_t{1} << shift_) < divisor_) {
      ++shift_;
    }
    const std::uint64_t excess = (std::uint64_t{1} << shift_) - divisor_;
    factor_ = static_cast<std::uint32_t>((excess << 32) / divisor_ + 1);
  }
  __device__ int quotient(int value) const {
    const auto n = static_cast<std::uint32_t>(value);
    return static_cast<int>((__umulhi(factor_, n) + n) >> shift_);
  }

 private:
  std::uint32_t divisor_;
  std::uint32_t shift_ = 0;
  std::uint32_t factor_;
};

}  // namespace elastic::cuda

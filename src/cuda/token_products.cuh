// Products along the tokens of ragged segments, on tiles in shared memory: sums of outer products
// of tokens' rows, and rows times their segment's matrix.
//
// A token has a row for each of `units`, its heads for instance; a functor rows(segment, token,
// unit, j) reads element j of it. Blocks take a chunk of tokens and a tile of a unit's columns.
#pragma once

#include "cuda/chunks.h"
#include "cuda/token_tile.cuh"
#include "tensor/segments.h"

namespace elastic::cuda {

constexpr int kProductTokens = 32;   ///< of a tile
constexpr int kProductColumns = 64;  ///< likewise; fewer where a row is shorter

/// Columns of a tile of rows of this length.
__host__ __device__ constexpr int product_width(int length) {
  return length < kProductColumns ? round_up(length, 16) : kProductColumns;
}
__host__ __device__ constexpr int product_tiles(int length) {
  return (length + product_width(length) - 1) / product_width(length);
}

/// `count`, or the limit where it is more.
__host__ __device__ constexpr int at_most(std::int64_t count, int limit) {
  return count < limit ? static_cast<int>(count) : limit;
}

/// Rows of a [T, units * length] matrix, the units side by side.
template <class T>
struct UnitRows {
  const T* data;
  int units;
  int length;

  __device__ T operator()(int /*segment*/, std::int64_t token, int unit, int j) const {
    return __ldg(data + (token * units + unit) * length + j);
  }
};

struct TokenProducts {
  const std::int32_t* offsets;
  int units;
  int left;   ///< length of the rows on the left
  int right;  ///< columns of the products
};

/// target [tile_rows, width] = value(i, j) for i < rows and j < columns, zeros elsewhere.
template <class T, class Value>
__device__ void load_padded(
    int tile_rows, int width, int rows, int columns, T* target, const Value& value) {
  for_each_element(tile_rows, width, [&](int i, int j) {
    target[i * row_stride(width) + j] = i < rows && j < columns ? value(i, j) : T(0);
  });
}

struct SumLayout {
  int left, right, sums, size;

  __host__ __device__ explicit SumLayout(const TokenProducts& p) {
    left = 0;
    right = left + tile_size(kProductTokens, product_width(p.left));
    sums = right + tile_size(kProductTokens, product_width(p.right));
    size = sums + tile_size(product_width(p.left), product_width(p.right));
  }
};

/// out[slot, unit] [left, right] = sum over the chunk's tokens of left_t^T right_t. Grid (segments,
/// chunks, units x tiles of left x tiles of right). Segments without tokens get zeros.
template <bool kTensorCores, class T, class Left, class Right>
__global__ void __launch_bounds__(kThreads, 2)
    sum_products_kernel(TokenProducts p, Left left_rows, Right right_rows, T* out) {
  const Chunk chunk = chunk_of(p.offsets);
  if (chunk.begin >= chunk.end && blockIdx.y > 0) {
    return;
  }
  const int left_width = product_width(p.left);
  const int right_width = product_width(p.right);
  const int right_tiles = product_tiles(p.right);
  const int tile = static_cast<int>(blockIdx.z) % (product_tiles(p.left) * right_tiles);
  const int unit = static_cast<int>(blockIdx.z) / (product_tiles(p.left) * right_tiles);
  const int first_left = tile / right_tiles * left_width;
  const int first_right = tile % right_tiles * right_width;
  const int num_left = at_most(p.left - first_left, left_width);
  const int num_right = at_most(p.right - first_right, right_width);
  const SumLayout at(p);
  T* shared = dynamic_shared<T>();
  T* left = shared + at.left;
  T* right = shared + at.right;
  T* sums = shared + at.sums;
  clear_shared(shared, at.size);
  for (std::int64_t begin = chunk.begin; begin < chunk.end; begin += kProductTokens) {
    const int rows = at_most(chunk.end - begin, kProductTokens);
    load_padded(kProductTokens, left_width, rows, num_left, left, [&](int i, int j) {
      return left_rows(chunk.segment, begin + i, unit, first_left + j);
    });
    load_padded(kProductTokens, right_width, rows, num_right, right, [&](int i, int j) {
      return right_rows(chunk.segment, begin + i, unit, first_right + j);
    });
    __syncthreads();
    block_product<kTensorCores>(
        transposed(left, left_width),
        rows_of(right, right_width),
        num_left,
        num_right,
        rows,
        [&](int i, int j, T sum) { sums[i * row_stride(right_width) + j] += sum; });
    __syncthreads();
  }
  T* target = out + (chunk.slot * p.units + unit) * p.left * p.right;
  for_each_element(num_left, num_right, [&](int i, int j) {
    target[static_cast<std::int64_t>(first_left + i) * p.right + first_right + j] =
        sums[i * row_stride(right_width) + j];
  });
}

/// Matrices [left, right], one for each segment and unit: element (i, j) at i * row + j * column.
template <class T>
struct MatrixView {
  const T* data;
  int row;
  int column;
};

struct MultiplyLayout {
  int rows, matrix, sums, size;

  __host__ __device__ explicit MultiplyLayout(const TokenProducts& p) {
    rows = 0;
    matrix = rows + tile_size(kProductTokens, product_width(p.left));
    sums = matrix + tile_size(product_width(p.left), product_width(p.right));
    size = sums + tile_size(kProductTokens, product_width(p.right));
  }
};

/// out_t [units, right] = rows_t M[segment, unit] for the chunk's tokens. Grid (segments, chunks,
/// units x tiles of right).
template <bool kTensorCores, class T, class Rows>
__global__ void __launch_bounds__(kThreads, 2)
    multiply_rows_kernel(TokenProducts p, Rows rows_in, MatrixView<T> matrices, T* out) {
  const Chunk chunk = chunk_of(p.offsets);
  if (chunk.begin >= chunk.end) {
    return;
  }
  const int left_width = product_width(p.left);
  const int width = product_width(p.right);
  const int unit = static_cast<int>(blockIdx.z) / product_tiles(p.right);
  const int first = static_cast<int>(blockIdx.z) % product_tiles(p.right) * width;
  const int columns = at_most(p.right - first, width);
  const MultiplyLayout at(p);
  T* shared = dynamic_shared<T>();
  T* rows_tile = shared + at.rows;
  T* matrix_tile = shared + at.matrix;
  T* sums = shared + at.sums;
  const T* matrix = matrices.data +
                    (static_cast<std::int64_t>(chunk.segment) * p.units + unit) * p.left * p.right;
  for (std::int64_t begin = chunk.begin; begin < chunk.end; begin += kProductTokens) {
    const int rows = at_most(chunk.end - begin, kProductTokens);
    for (int slab = 0; slab < p.left; slab += left_width) {
      const int depth = at_most(p.left - slab, left_width);
      load_padded(kProductTokens, left_width, rows, depth, rows_tile, [&](int i, int j) {
        return rows_in(chunk.segment, begin + i, unit, slab + j);
      });
      if (begin == chunk.begin || p.left > left_width) {
        load_padded(left_width, width, depth, columns, matrix_tile, [&](int i, int j) {
          return __ldg(matrix + static_cast<std::int64_t>(slab + i) * matrices.row +
                       static_cast<std::int64_t>(first + j) * matrices.column);
        });
      }
      __syncthreads();
      block_product<kTensorCores>(rows_of(rows_tile, left_width),
                                  rows_of(matrix_tile, width),
                                  rows,
                                  columns,
                                  depth,
                                  [&](int i, int j, T sum) {
                                    T* running = sums + i * row_stride(width) + j;
                                    const T total = slab == 0 ? sum : *running + sum;
                                    if (slab + left_width < p.left) {
                                      *running = total;
                                    } else {
                                      out[((begin + i) * p.units + unit) * p.right + first + j] =
                                          total;
                                    }
                                  });
      __syncthreads();
    }
  }
}

inline TokenProducts products_of(const Segments& segments, int units, int left, int right) {
  return {segments.device_offsets().data<std::int32_t>(), units, left, right};
}

/// out [B, units, left, right] = sum over each segment's tokens of left_t^T right_t.
template <class T, class Left, class Right>
void sum_products(const char* op,
                  const Segments& segments,
                  const TokenProducts& p,
                  const Left& left,
                  const Right& right,
                  T* out) {
  const int chunks = max_chunks(segments);
  const std::int64_t size = static_cast<std::int64_t>(p.units) * p.left * p.right;
  const Tensor partials = workspace<T>(chunks == 1 ? 0 : segments.size() * chunks * size);
  with_tensor_cores<T>([&](auto tensor_cores) {
    runtime().launch(
        op,
        sum_products_kernel<decltype(tensor_cores)::value, T, Left, Right>,
        dim3(static_cast<unsigned int>(segments.size()),
             static_cast<unsigned int>(chunks),
             static_cast<unsigned int>(p.units * product_tiles(p.left) * product_tiles(p.right))),
        kThreads,
        static_cast<std::size_t>(SumLayout(p).size) * sizeof(T),
        p,
        left,
        right,
        chunks == 1 ? out : partials.data<T>());
  });
  if (chunks > 1) {
    sum_chunks(op, partials.data<T>(), segments, size, out);
  }
}

/// out [T, units, right] = rows_t M[segment, unit].
template <class T, class Rows>
void multiply_rows(const char* op,
                   const Segments& segments,
                   const TokenProducts& p,
                   const Rows& rows,
                   const MatrixView<T>& matrices,
                   T* out) {
  with_tensor_cores<T>([&](auto tensor_cores) {
    runtime().launch(op,
                     multiply_rows_kernel<decltype(tensor_cores)::value, T, Rows>,
                     dim3(static_cast<unsigned int>(segments.size()),
                          static_cast<unsigned int>(max_chunks(segments)),
                          static_cast<unsigned int>(p.units * product_tiles(p.right))),
                     kThreads,
                     static_cast<std::size_t>(MultiplyLayout(p).size) * sizeof(T),
                     p,
                     rows,
                     matrices,
                     out);
  });
}

}  // namespace elastic::cuda

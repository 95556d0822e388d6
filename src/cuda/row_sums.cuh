// Sums of a table's rows over sorted entries, in a fixed order. The values are computed on the fly:
// source(entry, j) is element j of an entry's value.
#pragma once

#include <algorithm>
#include <bit>

#include "cuda/device.cuh"
#include "cuda/rows.h"
#include "cuda/runtime.h"

namespace elastic::cuda {

constexpr int kLeastPiece = 32;  ///< sorted entries that one warp sums, at least

/// Entries of a piece where rows may be few and entries many: some thousands of warps, each row's
/// pieces few enough to be added one after the other.
inline std::int64_t wide_piece(std::int64_t entries) {
  constexpr std::uint64_t kPieces = 1 << 13;
  const std::uint64_t share = static_cast<std::uint64_t>(entries) / kPieces;
  return static_cast<std::int64_t>(
      std::clamp<std::uint64_t>(std::bit_ceil(share), kLeastPiece, 1024));
}

// A warp takes `size` sorted entries. Runs of equal targets that lie within are added to the table;
// of a run that crosses the piece's begin or end, the part goes to `parts`: [piece, 0] for the run
// of the piece before, [piece, 1] for a run that continues in the next.
template <class Source, class T>
__global__ void add_pieces_kernel(Source source,
                                  const std::int32_t* targets,
                                  const std::int32_t* order,
                                  std::int64_t count,
                                  std::int64_t dim,
                                  std::int32_t first_row,
                                  std::int64_t size,
                                  T* parts,
                                  T* table) {
  const std::int64_t pieces = (count + size - 1) / size;
  for (std::int64_t piece = grid_warp(); piece < pieces; piece += grid_warps()) {
    const std::int64_t begin = piece * size;
    const std::int64_t end = begin + size < count ? begin + size : count;
    for (std::int64_t i = begin; i < end;) {
      const std::int32_t target = targets[i];
      std::int64_t next = i + 1;
      while (next < end && targets[next] == target) {
        ++next;
      }
      const bool continues = i == begin && begin > 0 && targets[begin - 1] == target;
      const bool goes_on = next == end && end < count && targets[end] == target;
      if (target >= first_row) {
        for (std::int64_t j = lane_index(); j < dim; j += kWarp) {
          T sum = 0;
#pragma unroll 4
          for (std::int64_t e = i; e < next; ++e) {
            sum += source(order[e], j);
          }
          if (continues) {
            parts[2 * piece * dim + j] = sum;
          } else if (goes_on) {
            parts[(2 * piece + 1) * dim + j] = sum;
          } else {
            table[target * dim + j] += sum;
          }
        }
      }
      i = next;
    }
  }
}

// Runs over several pieces: the warp of the piece in which a run begins adds its parts in order.
template <class T>
__global__ void add_runs_kernel(const std::int32_t* targets,
                                std::int64_t count,
                                std::int64_t dim,
                                std::int32_t first_row,
                                std::int64_t size,
                                const T* parts,
                                T* table) {
  const std::int64_t pieces = (count + size - 1) / size;
  for (std::int64_t piece = grid_warp(); piece + 1 < pieces; piece += grid_warps()) {
    const std::int64_t begin = piece * size;
    const std::int64_t end = begin + size;
    const std::int32_t target = targets[end - 1];
    const bool goes_on = targets[end] == target;
    const bool begins_here = begin == 0 || targets[begin - 1] != target || targets[begin] != target;
    if (!goes_on || !begins_here || target < first_row) {
      continue;
    }
    std::int64_t last = piece + 1;  // the last piece of the run
    while ((last + 1) * size < count && targets[(last + 1) * size - 1] == target &&
           targets[(last + 1) * size] == target) {
      ++last;
    }
    for (std::int64_t j = lane_index(); j < dim; j += kWarp) {
      T sum = parts[(2 * piece + 1) * dim + j];
#pragma unroll 4
      for (std::int64_t p = piece + 1; p <= last; ++p) {
        sum += parts[2 * p * dim + j];
      }
      table[target * dim + j] += sum;
    }
  }
}

/// table[row] += the sum of its entries; rows below `first_row` are left out. The bounds of pieces
/// depend on the number of entries only.
template <class Source, class T>
void add_sorted(const char* op,
                const Source& source,
                const SortedRows& sorted,
                std::int64_t dim,
                std::int32_t first_row,
                std::int64_t piece,
                T* table) {
  if (sorted.count == 0) {
    return;
  }
  const std::int64_t pieces = divide_up(sorted.count, piece);
  Tensor parts = workspace<T>(2 * pieces * dim);
  const dim3 grid(blocks_of(pieces, kWarps));
  launch(op,
         add_pieces_kernel<Source, T>,
         grid,
         source,
         sorted.rows,
         sorted.order,
         sorted.count,
         dim,
         first_row,
         piece,
         parts.data<T>(),
         table);
  launch(op,
         add_runs_kernel<T>,
         grid,
         sorted.rows,
         sorted.count,
         dim,
         first_row,
         piece,
         parts.data<T>(),
         table);
}

}  // namespace elastic::cuda

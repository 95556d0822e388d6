// Gathering rows of a table, and adding their gradients back.
#include <algorithm>
#include <bit>
#include <cub/cub.cuh>

#include "cuda/backend.h"
#include "cuda/device.cuh"
#include "cuda/rows.h"
#include "cuda/runtime.h"

namespace elastic::cuda {
namespace {

constexpr int kPiece = 32;  ///< sorted rows that one warp sums

template <class T>
__global__ void gather_kernel(
    const T* table, const std::int32_t* rows, std::int64_t count, std::int64_t dim, T* out) {
  for (std::int64_t i = grid_warp(); i < count; i += grid_warps()) {
    const T* source = table + rows[i] * dim;
    for (std::int64_t j = lane_index(); j < dim; j += kWarp) {
      out[i * dim + j] = source[j];
    }
  }
}

__global__ void iota_kernel(std::int64_t count, std::int32_t* out) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    out[i] = static_cast<std::int32_t>(i);
  }
}

// A warp takes kPiece sorted entries. Runs of equal targets that lie within are added to the table;
// of a run that reaches over the piece's begin or end, the part goes to `parts`: [piece, 0] what
// continues the run of the piece before, [piece, 1] what begins a run that goes on.
template <class T>
__global__ void add_pieces_kernel(const T* source,
                                  const std::int32_t* targets,
                                  const std::int32_t* order,
                                  std::int64_t count,
                                  std::int64_t dim,
                                  std::int32_t first_row,
                                  T* parts,
                                  T* table) {
  const std::int64_t pieces = (count + kPiece - 1) / kPiece;
  for (std::int64_t piece = grid_warp(); piece < pieces; piece += grid_warps()) {
    const std::int64_t begin = piece * kPiece;
    const std::int64_t end = begin + kPiece < count ? begin + kPiece : count;
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
            sum += source[order[e] * dim + j];
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
                                const T* parts,
                                T* table) {
  const std::int64_t pieces = (count + kPiece - 1) / kPiece;
  for (std::int64_t piece = grid_warp(); piece + 1 < pieces; piece += grid_warps()) {
    const std::int64_t begin = piece * kPiece;
    const std::int64_t end = begin + kPiece;
    const std::int32_t target = targets[end - 1];
    const bool goes_on = targets[end] == target;
    const bool begins_here = begin == 0 || targets[begin - 1] != target || targets[begin] != target;
    if (!goes_on || !begins_here || target < first_row) {
      continue;
    }
    std::int64_t last = piece + 1;  // the last piece of the run
    while ((last + 1) * kPiece < count && targets[(last + 1) * kPiece - 1] == target &&
           targets[(last + 1) * kPiece] == target) {
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

}  // namespace

template <class T>
void scatter_add(const char* op,
                 const T* source,
                 const std::int32_t* rows,
                 std::int64_t count,
                 std::int64_t dim,
                 std::int64_t num_rows,
                 std::int32_t first_row,
                 T* table) {
  if (count == 0) {
    return;
  }
  Runtime& device = runtime();
  Tensor numbers = workspace<std::int32_t>(3 * count);
  auto* identity = numbers.data<std::int32_t>();
  std::int32_t* order = identity + count;
  std::int32_t* targets = order + count;
  device.launch(op, iota_kernel, dim3(element_blocks(count)), kThreads, 0, count, identity);
  const int bits =
      std::max(1, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(num_rows))));
  std::size_t bytes = 0;
  const auto sort = [&](void* scratch) {
    check(cub::DeviceRadixSort::SortPairs(
              scratch, bytes, rows, targets, identity, order, count, 0, bits, device.stream()),
          op,
          "cub::SortPairs");
  };
  sort(nullptr);
  Tensor scratch = workspace<std::int32_t>(static_cast<std::int64_t>(bytes / 4 + 1));
  sort(scratch.raw_data());
  const std::int64_t pieces = divide_up(count, kPiece);
  Tensor parts = workspace<T>(2 * pieces * dim);
  const dim3 grid(blocks_of(pieces, kWarps));
  device.launch(op,
                add_pieces_kernel<T>,
                grid,
                kThreads,
                0,
                source,
                targets,
                order,
                count,
                dim,
                first_row,
                parts.data<T>(),
                table);
  device.launch(op,
                add_runs_kernel<T>,
                grid,
                kThreads,
                0,
                targets,
                count,
                dim,
                first_row,
                parts.data<T>(),
                table);
}

template void scatter_add<float>(const char*,
                                 const float*,
                                 const std::int32_t*,
                                 std::int64_t,
                                 std::int64_t,
                                 std::int64_t,
                                 std::int32_t,
                                 float*);
template void scatter_add<double>(const char*,
                                  const double*,
                                  const std::int32_t*,
                                  std::int64_t,
                                  std::int64_t,
                                  std::int64_t,
                                  std::int32_t,
                                  double*);

void CudaBackend::gather_rows(const Tensor& table, const Tensor& rows, Tensor& out) {
  with_real_type(table.dtype(), [&](auto tag) {
    using T = decltype(tag);
    runtime().launch("gather_rows",
                     gather_kernel<T>,
                     dim3(blocks_of(rows.numel(), kWarps)),
                     kThreads,
                     0,
                     table.data<T>(),
                     rows.data<std::int32_t>(),
                     rows.numel(),
                     table.cols(),
                     out.data<T>());
  });
}

void CudaBackend::scatter_add_rows(const Tensor& grad_out, const Tensor& rows, Tensor& grad_table) {
  with_real_type(grad_out.dtype(), [&](auto tag) {
    using T = decltype(tag);
    scatter_add("scatter_add_rows",
                grad_out.data<T>(),
                rows.data<std::int32_t>(),
                rows.numel(),
                grad_table.cols(),
                grad_table.rows(),
                0,
                grad_table.data<T>());
  });
}

}  // namespace elastic::cuda

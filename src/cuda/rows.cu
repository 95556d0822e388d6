// Gathering rows of a table, and adding their gradients back.
#include "cuda/device.cuh"
#include "cuda/row_sums.cuh"
#include "cuda/rows.h"
#include "cuda/runtime.h"
#include "cuda/sort_pairs.h"
#include "tensor/kernels/rows.h"

namespace elastic::cuda {
namespace {

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

// Rows [count, dim] of values, one per entry.
template <class T>
struct Rows {
  const T* values;
  std::int64_t dim;

  __device__ T operator()(std::int32_t entry, std::int64_t j) const {
    return values[entry * dim + j];
  }
};

}  // namespace

SortedRows sort_rows(const char* op,
                     const std::int32_t* rows,
                     std::int64_t count,
                     std::int64_t num_rows) {
  if (count == 0) {
    return {};
  }
  Tensor numbers = workspace<std::int32_t>(3 * count);
  auto* identity = numbers.data<std::int32_t>();
  std::int32_t* order = identity + count;
  std::int32_t* targets = order + count;
  launch(op, iota_kernel, element_grid(count), count, identity);
  sort_pairs(op, count, num_rows, rows, identity, targets, order);
  return {numbers, order, targets, count};
}

template <class T>
void scatter_add(const char* op,
                 const T* source,
                 const std::int32_t* rows,
                 std::int64_t count,
                 std::int64_t dim,
                 std::int64_t num_rows,
                 std::int32_t first_row,
                 T* table) {
  const SortedRows sorted = sort_rows(op, rows, count, num_rows);
  add_sorted(op, Rows<T>{source, dim}, sorted, dim, first_row, kLeastPiece, table);
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

namespace {

template <class T>
void gather_rows(const kernels::GatherRows& k) {
  launch(k.kName,
         gather_kernel<T>,
         row_grid(k.rows.numel()),
         k.table.data<T>(),
         k.rows.data<std::int32_t>(),
         k.rows.numel(),
         k.table.cols(),
         k.out.data<T>());
}
const OnCuda gather_rows_entry{gather_rows<float>, gather_rows<double>};

template <class T>
void scatter_add_rows(const kernels::ScatterAddRows& k) {
  scatter_add(k.kName,
              k.grad_out.data<T>(),
              k.rows.data<std::int32_t>(),
              k.rows.numel(),
              k.grad_table.cols(),
              k.grad_table.rows(),
              0,
              k.grad_table.data<T>());
}
const OnCuda scatter_add_rows_entry{scatter_add_rows<float>, scatter_add_rows<double>};

}  // namespace
}  // namespace elastic::cuda

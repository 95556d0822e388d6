// The transpose of a matrix, by square tiles.
#include "cuda/device.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/transpose.h"

namespace elastic::cuda {
namespace {

constexpr int kTransposeTile = 32;

template <class T>
__global__ void __launch_bounds__(kThreads)
    transpose_kernel(const T* x, std::int64_t rows, std::int64_t columns, T* out) {
  __shared__ T tile[kTransposeTile][kTransposeTile + 1];
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kTransposeTile;
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.y) * kTransposeTile;
  for (int i = warp_index(); i < kTransposeTile; i += kWarps) {
    if (row + i < rows && column + lane_index() < columns) {
      tile[i][lane_index()] = x[(row + i) * columns + column + lane_index()];
    }
  }
  __syncthreads();
  for (int i = warp_index(); i < kTransposeTile; i += kWarps) {
    if (column + i < columns && row + lane_index() < rows) {
      out[(column + i) * rows + row + lane_index()] = tile[lane_index()][i];
    }
  }
}

template <class T>
void transpose(const kernels::Transpose& k) {
  const std::int64_t rows = k.x.shape()[0];
  const std::int64_t columns = k.x.shape()[1];
  launch(k.kName,
         transpose_kernel<T>,
         dim3(blocks_of(rows, kTransposeTile), blocks_of(columns, kTransposeTile)),
         k.x.data<T>(),
         rows,
         columns,
         k.out.data<T>());
}
const OnCuda transpose_entry{transpose<float>, transpose<double>};

}  // namespace
}  // namespace elastic::cuda

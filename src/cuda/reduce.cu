#include <algorithm>

#include "cuda/device.cuh"
#include "cuda/reduce.h"

namespace elastic::cuda {
namespace {

constexpr std::int64_t kRowsPerBlock = 512;  // or more where the grid ends
constexpr std::int64_t kMostRowBlocks = 65535;

// out[block, :]: a block sums `rows` rows of 32 columns, a warp every eighth.
template <class T>
__global__ void __launch_bounds__(kThreads) sum_rows_kernel(
    const T* partials, std::int64_t count, std::int64_t size, std::int64_t rows, T* out) {
  __shared__ T sums[kWarps][kWarp];
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * kWarp + lane_index();
  const std::int64_t begin = static_cast<std::int64_t>(blockIdx.y) * rows;
  const std::int64_t end = begin + rows < count ? begin + rows : count;
  T sum = 0;
  if (column < size) {
#pragma unroll 8
    for (std::int64_t i = begin + warp_index(); i < end; i += kWarps) {
      sum += partials[i * size + column];
    }
  }
  sums[warp_index()][lane_index()] = sum;
  __syncthreads();
  if (warp_index() == 0 && column < size) {
    for (int w = 1; w < kWarps; ++w) {
      sum += sums[w][lane_index()];
    }
    out[static_cast<std::int64_t>(blockIdx.y) * size + column] = sum;
  }
}

}  // namespace

template <class T>
void sum_rows(const char* op, const T* partials, std::int64_t count, std::int64_t size, T* out) {
  Tensor held;  // keeps the partial sums of the round before
  for (;;) {
    const std::int64_t rows = std::max(kRowsPerBlock, divide_up(count, kMostRowBlocks));
    const std::int64_t blocks = divide_up(count, rows);
    const bool last = blocks <= 1;
    Tensor next = last ? Tensor() : workspace<T>(blocks * size);
    launch(
        op,
        sum_rows_kernel<T>,
        dim3(blocks_of(size, kWarp), static_cast<unsigned int>(std::max<std::int64_t>(blocks, 1))),
        partials,
        count,
        size,
        rows,
        last ? out : next.data<T>());
    if (last) {
      return;
    }
    held = next;
    partials = held.data<T>();
    count = blocks;
  }
}

template <class T>
void write_norm_gradient(
    const char* op, const T* partials, std::int64_t count, std::int64_t dim, NormGrad& grad) {
  if (!grad.weight.defined()) {
    return;
  }
  Tensor total = workspace<T>(2 * dim);
  sum_rows(op, partials, count, 2 * dim, total.data<T>());
  const auto bytes = static_cast<std::size_t>(dim) * sizeof(T);
  const cudaStream_t stream = runtime().stream();
  ELASTIC_CUDA_CHECK(
      op,
      cudaMemcpyAsync(
          grad.weight.data<T>(), total.data<T>(), bytes, cudaMemcpyDeviceToDevice, stream));
  ELASTIC_CUDA_CHECK(
      op,
      cudaMemcpyAsync(
          grad.bias.data<T>(), total.data<T>() + dim, bytes, cudaMemcpyDeviceToDevice, stream));
}

#define ELASTIC_INSTANTIATE(T)                                                      \
  template void sum_rows<T>(const char*, const T*, std::int64_t, std::int64_t, T*); \
  template void write_norm_gradient<T>(                                             \
      const char*, const T*, std::int64_t, std::int64_t, NormGrad&);
ELASTIC_INSTANTIATE(float)
ELASTIC_INSTANTIATE(double)
#undef ELASTIC_INSTANTIATE

}  // namespace elastic::cuda

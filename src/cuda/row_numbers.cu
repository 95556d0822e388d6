// Numbers of rows: positions, last tokens, bounds of groups.
#include <algorithm>

#include "cuda/device.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/row_numbers.h"

namespace elastic::cuda {
namespace {

__global__ void number_rows_kernel(std::int64_t count,
                                   std::int32_t modulus,
                                   std::int32_t step,
                                   std::int32_t* out) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    out[i] = static_cast<std::int32_t>(i % modulus) * step;
  }
}

__global__ void positions_kernel(
    const std::int32_t* offsets, int batch, std::int64_t tokens, bool recent, std::int32_t* out) {
  for (std::int64_t i = grid_thread(); i < tokens; i += grid_size()) {
    const int b = segment_of(offsets, batch, i);
    const auto token = static_cast<std::int32_t>(i);
    out[i] = recent ? offsets[b + 1] - 1 - token : token - offsets[b];
  }
}

__global__ void last_tokens_kernel(const std::int32_t* offsets, int batch, std::int32_t* out) {
  for (std::int64_t b = grid_thread(); b < batch; b += grid_size()) {
    out[b] = offsets[b + 1] - 1;
  }
}

// One block; keeps a running sum over slices of kThreads segments.
__global__ void __launch_bounds__(kThreads) group_offsets_kernel(const std::int32_t* offsets,
                                                                 int batch,
                                                                 std::int32_t stride,
                                                                 std::int32_t* out) {
  __shared__ std::int32_t sums[kThreads];
  if (thread_index() == 0) {
    out[0] = 0;
  }
  std::int32_t before = 0;
  for (int begin = 0; begin < batch; begin += kThreads) {
    const int b = begin + thread_index();
    const std::int32_t groups =
        b < batch ? std::max(1, (offsets[b + 1] - offsets[b] + stride - 1) / stride) : 0;
    const std::int32_t sum = block_scan(groups, sums);
    if (b < batch) {
      out[b + 1] = before + sum;
    }
    before += sums[kThreads - 1];
  }
}

void iota(const kernels::Iota& k) {
  launch(k.kName,
         number_rows_kernel,
         element_grid(k.out.numel()),
         k.out.numel(),
         k.modulus,
         k.step,
         k.out.data<std::int32_t>());
}
const OnCuda iota_entry{iota};

void positions(const kernels::Positions& k) {
  launch(k.kName,
         positions_kernel,
         element_grid(k.out.numel()),
         k.segments.device_offsets().data<std::int32_t>(),
         static_cast<int>(k.segments.size()),
         k.out.numel(),
         k.recent,
         k.out.data<std::int32_t>());
}
const OnCuda positions_entry{positions};

void last_tokens(const kernels::LastTokens& k) {
  launch(k.kName,
         last_tokens_kernel,
         element_grid(k.out.numel()),
         k.segments.device_offsets().data<std::int32_t>(),
         static_cast<int>(k.segments.size()),
         k.out.data<std::int32_t>());
}
const OnCuda last_tokens_entry{last_tokens};

void group_offsets(const kernels::GroupOffsets& k) {
  launch(k.kName,
         group_offsets_kernel,
         dim3(1),
         k.segments.device_offsets().data<std::int32_t>(),
         static_cast<int>(k.segments.size()),
         k.stride,
         k.out.data<std::int32_t>());
}
const OnCuda group_offsets_entry{group_offsets};

}  // namespace
}  // namespace elastic::cuda

// Numbers of rows: positions, last tokens, bounds of groups.
#include <algorithm>

#include "cuda/backend.h"
#include "cuda/device.cuh"
#include "cuda/runtime.h"

namespace elastic::cuda {
namespace {

__global__ void number_kernel(std::int64_t count,
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

// One block: a running sum over slices of kThreads segments.
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

}  // namespace

void CudaBackend::number(std::int32_t modulus, std::int32_t step, Tensor& out) {
  runtime().launch("number",
                   number_kernel,
                   dim3(element_blocks(out.numel())),
                   kThreads,
                   0,
                   out.numel(),
                   modulus,
                   step,
                   out.data<std::int32_t>());
}

void CudaBackend::positions(const Segments& segments, bool recent, Tensor& out) {
  runtime().launch("positions",
                   positions_kernel,
                   dim3(element_blocks(out.numel())),
                   kThreads,
                   0,
                   segments.device_offsets().data<std::int32_t>(),
                   static_cast<int>(segments.size()),
                   out.numel(),
                   recent,
                   out.data<std::int32_t>());
}

void CudaBackend::last_tokens(const Segments& segments, Tensor& out) {
  runtime().launch("last_tokens",
                   last_tokens_kernel,
                   dim3(element_blocks(out.numel())),
                   kThreads,
                   0,
                   segments.device_offsets().data<std::int32_t>(),
                   static_cast<int>(segments.size()),
                   out.data<std::int32_t>());
}

void CudaBackend::group_offsets(const Segments& segments, std::int32_t stride, Tensor& out) {
  runtime().launch("group_offsets",
                   group_offsets_kernel,
                   dim3(1),
                   kThreads,
                   0,
                   segments.device_offsets().data<std::int32_t>(),
                   static_cast<int>(segments.size()),
                   stride,
                   out.data<std::int32_t>());
}

}  // namespace elastic::cuda

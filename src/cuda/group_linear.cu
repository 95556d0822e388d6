// A linear layer over groups of tokens: gathers the groups' rows, then computes one product.
#include <algorithm>

#include "cuda/device.cuh"
#include "cuda/gemm.h"
#include "cuda/reduce.h"
#include "cuda/runtime.h"
#include "tensor/kernels/group_linear.h"
#include "tensor/kernels/linear.h"

namespace elastic::cuda {
namespace {

struct Grouping {
  const std::int32_t* offsets;  ///< of the tokens
  const std::int32_t* groups;   ///< of the groups
  int batch;
  std::int64_t num_groups;
  std::int64_t stride;
  std::int64_t dim;

  /// The token at `place` of group g, negative for a zero vector.
  __device__ std::int64_t token(std::int64_t g, std::int64_t place) const {
    if (g >= groups[batch]) {
      return -1;  // after the last group of planned segments
    }
    const int b = segment_of(groups, batch, g);
    const std::int64_t from_end = (groups[b + 1] - g) * stride - place;  // 1: the last token
    const std::int64_t length = offsets[b + 1] - offsets[b];
    return from_end > length ? -1 : offsets[b + 1] - from_end;
  }
};

// A warp copies one token's vector: into the groups, or its gradient back into the tokens.
template <class T>
__global__ void gather_groups_kernel(Grouping by, const T* x, T* out) {
  for (std::int64_t i = grid_warp(); i < by.num_groups * by.stride; i += grid_warps()) {
    const std::int64_t token = by.token(i / by.stride, i % by.stride);
    for (std::int64_t j = lane_index(); j < by.dim; j += kWarp) {
      out[i * by.dim + j] = token < 0 ? T(0) : x[token * by.dim + j];
    }
  }
}

template <class T>
__global__ void add_groups_kernel(Grouping by, const T* grads, T* grad_x) {
  for (std::int64_t i = grid_warp(); i < by.num_groups * by.stride; i += grid_warps()) {
    const std::int64_t token = by.token(i / by.stride, i % by.stride);
    for (std::int64_t j = lane_index(); token >= 0 && j < by.dim; j += kWarp) {
      grad_x[token * by.dim + j] += grads[i * by.dim + j];
    }
  }
}

Grouping grouping(const Segments& segments,
                  const Segments& groups,
                  std::int64_t stride,
                  std::int64_t dim) {
  return {segments.device_offsets().data<std::int32_t>(),
          groups.device_offsets().data<std::int32_t>(),
          static_cast<int>(segments.size()),
          groups.num_tokens(),
          stride,
          dim};
}

dim3 grouping_grid(const Grouping& by) {
  return dim3(std::min(blocks_of(by.num_groups * by.stride, kWarps), 1U << 16));
}

template <class T>
Tensor gather(const char* op, const Grouping& by, const Tensor& x) {
  Tensor rows = workspace<T>(by.num_groups * by.stride * by.dim);
  launch(op, gather_groups_kernel<T>, grouping_grid(by), by, x.data<T>(), rows.data<T>());
  return rows.reshape({by.num_groups, by.stride * by.dim});
}

template <class T>
void group_linear_forward(const kernels::GroupLinearForward& k) {
  const Grouping by = grouping(k.segments, k.groups, k.stride, k.x.cols());
  call(kernels::LinearForward{gather<T>(k.kName, by, k.x), k.weight, k.bias, k.y});
}
const OnCuda group_linear_forward_entry{group_linear_forward<float>, group_linear_forward<double>};

template <class T>
void group_linear_backward(const kernels::GroupLinearBackward& k) {
  const char* op = k.kName;
  const Grouping by = grouping(k.segments, k.groups, k.stride, k.x.cols());
  const Tensor rows = gather<T>(op, by, k.x);
  Tensor grad_rows = workspace<T>(rows.numel()).reshape(rows.shape());
  call(kernels::LinearBackward{rows, k.weight, k.grad_y, &grad_rows, &k.grad_weight, &k.grad_bias});
  launch(op, add_groups_kernel<T>, grouping_grid(by), by, grad_rows.data<T>(), k.grad_x.data<T>());
}
const OnCuda group_linear_backward_entry{group_linear_backward<float>,
                                         group_linear_backward<double>};

}  // namespace
}  // namespace elastic::cuda

// Rows of elu(x), scaled to unit length: a warp takes a row.
#include "cuda/backend.h"
#include "cuda/device.cuh"
#include "cuda/runtime.h"

namespace elastic::cuda {
namespace {

template <class T>
__device__ __forceinline__ T elu(T x) {
  return x > T(0) ? x : expm1(x);
}

template <class T>
__global__ void unit_elu_kernel(
    const T* x, std::int64_t rows, std::int64_t columns, T epsilon, T* y) {
  for (std::int64_t i = grid_warp(); i < rows; i += grid_warps()) {
    const std::int64_t first = i * columns;
    T squares = 0;
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      const T value = elu(x[first + j]);
      y[first + j] = value;
      squares += value * value;
    }
    const T inverse = T(1) / (sqrt(warp_sum(squares)) + epsilon);
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      y[first + j] *= inverse;
    }
  }
}

// With e = elu(x), r = |e| and s = 1 / (r + epsilon): dL/de = s g - s^2 (g . e) e / r, the second
// term zero for a zero row; elu'(x) is 1 for x > 0, else e^x = e + 1.
template <class T>
__global__ void unit_elu_backward_kernel(
    const T* x, const T* grad_y, std::int64_t rows, std::int64_t columns, T epsilon, T* grad_x) {
  for (std::int64_t i = grid_warp(); i < rows; i += grid_warps()) {
    const std::int64_t first = i * columns;
    T squares = 0;
    T dot = 0;
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      const T value = elu(x[first + j]);
      squares += value * value;
      dot += value * grad_y[first + j];
    }
    const T norm = sqrt(warp_sum(squares));
    const T inverse = T(1) / (norm + epsilon);
    dot = warp_sum(dot);
    const T along = norm > T(0) ? inverse * inverse * dot / norm : T(0);
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      const T value = elu(x[first + j]);
      const T grad = inverse * grad_y[first + j] - along * value;
      grad_x[first + j] = x[first + j] > T(0) ? grad : grad * (value + T(1));
    }
  }
}

}  // namespace

void CudaBackend::unit_elu_forward(const Tensor& x, Tensor& y) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    runtime().launch("unit_elu_forward",
                     unit_elu_kernel<T>,
                     dim3(blocks_of(x.rows(), kWarps)),
                     kThreads,
                     0,
                     x.data<T>(),
                     x.rows(),
                     x.cols(),
                     kUnitEpsilon,
                     y.data<T>());
  });
}

void CudaBackend::unit_elu_backward(const Tensor& x, const Tensor& grad_y, Tensor& grad_x) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    runtime().launch("unit_elu_backward",
                     unit_elu_backward_kernel<T>,
                     dim3(blocks_of(x.rows(), kWarps)),
                     kThreads,
                     0,
                     x.data<T>(),
                     grad_y.data<T>(),
                     x.rows(),
                     x.cols(),
                     kUnitEpsilon,
                     grad_x.data<T>());
  });
}

}  // namespace elastic::cuda

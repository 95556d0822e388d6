// Rows of elu(x), scaled to unit length: a warp takes a row.
#include "cuda/device.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/unit_elu.h"

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

template <class T>
void unit_elu_forward(const kernels::UnitEluForward& k) {
  launch(k.kName,
         unit_elu_kernel<T>,
         row_grid(k.x.rows()),
         k.x.data<T>(),
         k.x.rows(),
         k.x.cols(),
         kernels::kUnitEpsilon,
         k.y.data<T>());
}
const OnCuda unit_elu_forward_entry{unit_elu_forward<float>, unit_elu_forward<double>};

template <class T>
void unit_elu_backward(const kernels::UnitEluBackward& k) {
  launch(k.kName,
         unit_elu_backward_kernel<T>,
         row_grid(k.x.rows()),
         k.x.data<T>(),
         k.grad_y.data<T>(),
         k.x.rows(),
         k.x.cols(),
         kernels::kUnitEpsilon,
         k.grad_x.data<T>());
}
const OnCuda unit_elu_backward_entry{unit_elu_backward<float>, unit_elu_backward<double>};

}  // namespace
}  // namespace elastic::cuda

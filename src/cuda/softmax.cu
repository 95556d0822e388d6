// Softmax over rows: a warp takes a row.
#include "cuda/device.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/softmax.h"

namespace elastic::cuda {
namespace {

template <class T>
__global__ void softmax_kernel(const T* x, std::int64_t rows, std::int64_t columns, T* y) {
  for (std::int64_t i = grid_warp(); i < rows; i += grid_warps()) {
    const T* in = x + i * columns;
    T* out = y + i * columns;
    T maximum = lowest<T>();
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      maximum = maximum < in[j] ? in[j] : maximum;
    }
    maximum = warp_max(maximum);
    T sum = 0;
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      const T value = exp(in[j] - maximum);
      out[j] = value;
      sum += value;
    }
    const T inverse = T(1) / warp_sum(sum);
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      out[j] *= inverse;
    }
  }
}

template <class T>
__global__ void softmax_backward_kernel(
    const T* y, const T* grad_y, std::int64_t rows, std::int64_t columns, T* grad_x) {
  for (std::int64_t i = grid_warp(); i < rows; i += grid_warps()) {
    const std::int64_t first = i * columns;
    T dot = 0;
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      dot += y[first + j] * grad_y[first + j];
    }
    dot = warp_sum(dot);
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      grad_x[first + j] = y[first + j] * (grad_y[first + j] - dot);
    }
  }
}

template <class T>
void softmax_forward(const kernels::SoftmaxForward& k) {
  launch(k.kName,
         softmax_kernel<T>,
         row_grid(k.x.rows()),
         k.x.data<T>(),
         k.x.rows(),
         k.x.cols(),
         k.y.data<T>());
}
const OnCuda softmax_forward_entry{softmax_forward<float>, softmax_forward<double>};

template <class T>
void softmax_backward(const kernels::SoftmaxBackward& k) {
  launch(k.kName,
         softmax_backward_kernel<T>,
         row_grid(k.y.rows()),
         k.y.data<T>(),
         k.grad_y.data<T>(),
         k.y.rows(),
         k.y.cols(),
         k.grad_x.data<T>());
}
const OnCuda softmax_backward_entry{softmax_backward<float>, softmax_backward<double>};

}  // namespace
}  // namespace elastic::cuda

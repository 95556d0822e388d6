// Softmax and LayerNorm over rows: a warp takes a row.
#include <algorithm>

#include "cuda/backend.h"
#include "cuda/device.cuh"
#include "cuda/norm_rows.cuh"
#include "cuda/reduce.h"
#include "cuda/runtime.h"

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

}  // namespace

void CudaBackend::softmax_forward(const Tensor& x, Tensor& y) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    runtime().launch("softmax_forward",
                     softmax_kernel<T>,
                     dim3(blocks_of(x.rows(), kWarps)),
                     kThreads,
                     0,
                     x.data<T>(),
                     x.rows(),
                     x.cols(),
                     y.data<T>());
  });
}

void CudaBackend::softmax_backward(const Tensor& y, const Tensor& grad_y, Tensor& grad_x) {
  with_real_type(y.dtype(), [&](auto tag) {
    using T = decltype(tag);
    runtime().launch("softmax_backward",
                     softmax_backward_kernel<T>,
                     dim3(blocks_of(y.rows(), kWarps)),
                     kThreads,
                     0,
                     y.data<T>(),
                     grad_y.data<T>(),
                     y.rows(),
                     y.cols(),
                     grad_x.data<T>());
  });
}

void CudaBackend::layer_norm_forward(const Tensor& x, const Norm& norm, Tensor& y) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const PlainRow<T> rows{x.data<T>(), nullptr, static_cast<int>(x.cols())};
    norm_rows<T>(
        "layer_norm_forward", x.rows(), rows, norm, DropoutView<T>(Dropout{}), y.data<T>());
  });
}

void CudaBackend::layer_norm_backward(
    const Tensor& x, const Norm& norm, const Tensor& grad_y, Tensor& grad_x, NormGrad& grad_norm) {
  with_real_type(x.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const char* op = "layer_norm_backward";
    const std::int64_t blocks = divide_up(x.rows(), kNormRows);
    Tensor partials = workspace<T>(blocks * 2 * x.cols());
    const PlainRow<T> rows{x.data<T>(), grad_y.data<T>(), static_cast<int>(x.cols())};
    norm_rows_backward<T>(op,
                          x.rows(),
                          rows,
                          norm,
                          DropoutView<T>(Dropout{}),
                          nullptr,
                          grad_x.data<T>(),
                          partials.data<T>());
    write_norm_gradient(op, partials.data<T>(), blocks, x.cols(), grad_norm);
  });
}

}  // namespace elastic::cuda

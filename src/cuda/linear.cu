// Linear layers: a product by cuBLAS, then bias, dropout and residual by kernels.
#include "cuda/device.cuh"
#include "cuda/gemm.h"
#include "cuda/reduce.h"
#include "cuda/residual.cuh"
#include "cuda/runtime.h"
#include "tensor/kernels/linear.h"

namespace elastic::cuda {
namespace {

// A warp takes a row.
template <class T>
__global__ void add_bias_kernel(std::int64_t rows, std::int64_t columns, const T* bias, T* y) {
  for (std::int64_t row = grid_warp(); row < rows; row += grid_warps()) {
#pragma unroll 4
    for (std::int64_t j = lane_index(); j < columns; j += kWarp) {
      y[row * columns + j] += bias[j];
    }
  }
}

template <class T>
void linear_forward(const kernels::LinearForward& k) {
  const std::int64_t in = k.x.cols();
  const std::int64_t out = k.y.cols();
  gemm<T>(k.kName,
          k.x.rows(),
          out,
          in,
          {k.x.data<T>(), in},
          {k.weight.data<T>(), in, true},
          k.y.data<T>(),
          out,
          false);
  if (k.bias.defined()) {
    launch(k.kName,
           add_bias_kernel<T>,
           row_grid(k.y.rows()),
           k.y.rows(),
           out,
           k.bias.data<T>(),
           k.y.data<T>());
  }
}
const OnCuda linear_forward_entry{linear_forward<float>, linear_forward<double>};

template <class T>
void linear_backward(const kernels::LinearBackward& k) {
  const char* op = k.kName;
  const std::int64_t in = k.x.cols();
  const std::int64_t out = k.grad_y.cols();
  if (k.grad_x != nullptr) {
    gemm<T>(op,
            k.x.rows(),
            in,
            out,
            {k.grad_y.data<T>(), out},
            {k.weight.data<T>(), in},
            k.grad_x->data<T>(),
            in,
            false);
  }
  if (k.grad_weight != nullptr) {
    gemm<T>(op,
            out,
            in,
            k.x.rows(),
            {k.grad_y.data<T>(), out, true},
            {k.x.data<T>(), in},
            k.grad_weight->data<T>(),
            in,
            false);
  }
  if (k.grad_bias != nullptr) {
    sum_rows(op, k.grad_y.data<T>(), k.x.rows(), out, k.grad_bias->data<T>());
  }
}
const OnCuda linear_backward_entry{linear_backward<float>, linear_backward<double>};

template <class T>
void linear_residual_forward(const kernels::LinearResidualForward& k) {
  linear_forward<T>(kernels::LinearForward{k.x, k.weight, Tensor(), k.y});
  add_residual(k.kName,
               0,
               k.y.numel(),
               k.y.cols(),
               k.bias.data<T>(),
               k.residual.data<T>(),
               DropoutView<T>(k.dropout),
               k.y.data<T>());
}
const OnCuda linear_residual_forward_entry{linear_residual_forward<float>,
                                           linear_residual_forward<double>};

}  // namespace
}  // namespace elastic::cuda

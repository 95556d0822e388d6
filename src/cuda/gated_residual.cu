// Residual connections with a gate for each element: a thread takes an element.
#include "cuda/logistic.cuh"
#include "cuda/map.cuh"
#include "tensor/kernels/gated_residual.h"

namespace elastic::cuda {
namespace {

template <class T>
struct GatedResidual {
  const T* x;
  const T* y;
  const T* gate;
  __device__ T operator()(std::int64_t i) const { return x[i] + sigmoid(gate[i]) * (y[i] - x[i]); }
};

// With s = sigmoid(gate): dy = s g, dx = (1 - s) g, dgate = s (1 - s) (y - x) g.
template <class T>
__global__ void gated_residual_backward_kernel(
    std::int64_t count, GatedResidual<T> in, const T* grad, T* grad_x, T* grad_y, T* grad_gate) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    const T open = sigmoid(in.gate[i]);
    const T kept = (T(1) - open) * grad[i];
    grad_x[i] = kept;
    grad_y[i] = open * grad[i];
    grad_gate[i] = open * kept * (in.y[i] - in.x[i]);
  }
}

template <class T>
void gated_residual_forward(const kernels::GatedResidualForward& k) {
  map(k.kName,
      k.x.numel(),
      k.out.data<T>(),
      GatedResidual<T>{k.x.data<T>(), k.y.data<T>(), k.gate.data<T>()});
}
const OnCuda gated_residual_forward_entry{gated_residual_forward<float>,
                                          gated_residual_forward<double>};

template <class T>
void gated_residual_backward(const kernels::GatedResidualBackward& k) {
  launch(k.kName,
         gated_residual_backward_kernel<T>,
         element_grid(k.x.numel()),
         k.x.numel(),
         GatedResidual<T>{k.x.data<T>(), k.y.data<T>(), k.gate.data<T>()},
         k.grad_out.data<T>(),
         k.grad_x.data<T>(),
         k.grad_y.data<T>(),
         k.grad_gate.data<T>());
}
const OnCuda gated_residual_backward_entry{gated_residual_backward<float>,
                                           gated_residual_backward<double>};

}  // namespace
}  // namespace elastic::cuda

// Products gated by SiLU: a thread takes an element.
#include "cuda/logistic.cuh"
#include "cuda/map.cuh"
#include "tensor/kernels/swiglu.h"

namespace elastic::cuda {
namespace {

template <class T>
struct Swiglu {
  const T* a;
  const T* b;
  __device__ T operator()(std::int64_t i) const { return a[i] * sigmoid(a[i]) * b[i]; }
};

// With s = sigmoid(a): da = g b s (1 + a (1 - s)), db = g a s.
template <class T>
__global__ void swiglu_backward_kernel(
    std::int64_t count, Swiglu<T> in, const T* grad, T* grad_a, T* grad_b) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    const T open = sigmoid(in.a[i]);
    const T scaled = open * grad[i];
    grad_a[i] = scaled * in.b[i] * (T(1) + in.a[i] * (T(1) - open));
    grad_b[i] = scaled * in.a[i];
  }
}

template <class T>
void swiglu_forward(const kernels::SwigluForward& k) {
  map(k.kName, k.a.numel(), k.out.data<T>(), Swiglu<T>{k.a.data<T>(), k.b.data<T>()});
}
const OnCuda swiglu_forward_entry{swiglu_forward<float>, swiglu_forward<double>};

template <class T>
void swiglu_backward(const kernels::SwigluBackward& k) {
  launch(k.kName,
         swiglu_backward_kernel<T>,
         element_grid(k.a.numel()),
         k.a.numel(),
         Swiglu<T>{k.a.data<T>(), k.b.data<T>()},
         k.grad_out.data<T>(),
         k.grad_a.data<T>(),
         k.grad_b.data<T>());
}
const OnCuda swiglu_backward_entry{swiglu_backward<float>, swiglu_backward<double>};

}  // namespace
}  // namespace elastic::cuda

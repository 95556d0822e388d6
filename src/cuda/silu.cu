// SiLU, element by element.
#include "cuda/logistic.cuh"
#include "cuda/map.cuh"
#include "tensor/kernels/silu.h"

namespace elastic::cuda {
namespace {

template <class T>
struct Silu {
  const T* x;
  __device__ T operator()(std::int64_t i) const { return x[i] * sigmoid(x[i]); }
};
template <class T>
struct SiluBackward {
  const T* x;
  const T* grad_y;
  __device__ T operator()(std::int64_t i) const { return grad_y[i] * silu_gradient(x[i]); }
};

template <class T>
void silu_forward(const kernels::SiluForward& k) {
  map(k.kName, k.x.numel(), k.y.data<T>(), Silu<T>{k.x.data<T>()});
}
const OnCuda silu_forward_entry{silu_forward<float>, silu_forward<double>};

template <class T>
void silu_backward(const kernels::SiluBackward& k) {
  map(k.kName, k.x.numel(), k.grad_x.data<T>(), SiluBackward<T>{k.x.data<T>(), k.grad_y.data<T>()});
}
const OnCuda silu_backward_entry{silu_backward<float>, silu_backward<double>};

}  // namespace
}  // namespace elastic::cuda

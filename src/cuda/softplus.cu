// Softplus, element by element.
#include "cuda/logistic.cuh"
#include "cuda/map.cuh"
#include "tensor/kernels/softplus.h"

namespace elastic::cuda {
namespace {

template <class T>
struct Softplus {
  const T* x;
  __device__ T operator()(std::int64_t i) const { return softplus(x[i]); }
};
template <class T>
struct SoftplusGradient {
  const T* x;
  const T* grad_y;
  __device__ T operator()(std::int64_t i) const { return grad_y[i] * sigmoid(x[i]); }
};

template <class T>
void softplus_forward(const kernels::SoftplusForward& k) {
  map(k.kName, k.x.numel(), k.y.data<T>(), Softplus<T>{k.x.data<T>()});
}
const OnCuda softplus_forward_entry{softplus_forward<float>, softplus_forward<double>};

template <class T>
void softplus_backward(const kernels::SoftplusBackward& k) {
  map(k.kName,
      k.x.numel(),
      k.grad_x.data<T>(),
      SoftplusGradient<T>{k.x.data<T>(), k.grad_y.data<T>()});
}
const OnCuda softplus_backward_entry{softplus_backward<float>, softplus_backward<double>};

}  // namespace
}  // namespace elastic::cuda

// GELU, element by element.
#include "cuda/gelu.cuh"
#include "cuda/map.cuh"
#include "tensor/kernels/gelu.h"

namespace elastic::cuda {
namespace {

template <class T>
struct Gelu {
  const T* x;
  __device__ T operator()(std::int64_t i) const { return gelu(x[i]); }
};
template <class T>
struct GeluBackward {
  const T* x;
  const T* grad_y;
  __device__ T operator()(std::int64_t i) const { return grad_y[i] * gelu_gradient(x[i]); }
};

template <class T>
void gelu_forward(const kernels::GeluForward& k) {
  map(k.kName, k.x.numel(), k.y.data<T>(), Gelu<T>{k.x.data<T>()});
}
const OnCuda gelu_forward_entry{gelu_forward<float>, gelu_forward<double>};

template <class T>
void gelu_backward(const kernels::GeluBackward& k) {
  map(k.kName, k.x.numel(), k.grad_x.data<T>(), GeluBackward<T>{k.x.data<T>(), k.grad_y.data<T>()});
}
const OnCuda gelu_backward_entry{gelu_backward<float>, gelu_backward<double>};

}  // namespace
}  // namespace elastic::cuda

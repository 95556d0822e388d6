// SiLU, element by element.
#include "tensor/cpu/silu.h"

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/slices.h"
#include "tensor/kernels/silu.h"

namespace elastic::cpu {
namespace {

template <class T>
void silu_forward(const kernels::SiluForward& k) {
  for_slices(k.x.numel(), [&](std::int64_t begin, std::int64_t size) {
    const T* x = k.x.data<T>() + begin;
    T* y = k.y.data<T>() + begin;
    sigmoid(x, size, y);
    for (std::int64_t i = 0; i < size; ++i) {
      y[i] *= x[i];
    }
  });
}
const OnCpu silu_forward_entry{silu_forward<float>, silu_forward<double>};

template <class T>
void silu_backward(const kernels::SiluBackward& k) {
  for_slices(k.x.numel(), [&](std::int64_t begin, std::int64_t size) {
    const T* x = k.x.data<T>() + begin;
    const T* grad_y = k.grad_y.data<T>() + begin;
    T* grad_x = k.grad_x.data<T>() + begin;
    sigmoid(x, size, grad_x);
    for (std::int64_t i = 0; i < size; ++i) {
      grad_x[i] = grad_y[i] * silu_gradient(x[i], grad_x[i]);
    }
  });
}
const OnCpu silu_backward_entry{silu_backward<float>, silu_backward<double>};

}  // namespace
}  // namespace elastic::cpu

// Softplus, element by element.
#include "tensor/kernels/softplus.h"

#include <cmath>

#include "tensor/cpu/sigmoid.h"
#include "tensor/cpu/slices.h"

namespace elastic::cpu {
namespace {

template <class T>
void softplus_forward(const kernels::SoftplusForward& k) {
  for_slices(k.x.numel(), [&](std::int64_t begin, std::int64_t size) {
    const T* x = k.x.data<T>() + begin;
    T* y = k.y.data<T>() + begin;
    for (std::int64_t i = 0; i < size; ++i) {
      y[i] = std::max(x[i], T(0)) + std::log1p(std::exp(-std::abs(x[i])));
    }
  });
}
const OnCpu softplus_forward_entry{softplus_forward<float>, softplus_forward<double>};

template <class T>
void softplus_backward(const kernels::SoftplusBackward& k) {
  for_slices(k.x.numel(), [&](std::int64_t begin, std::int64_t size) {
    const T* grad_y = k.grad_y.data<T>() + begin;
    T* grad_x = k.grad_x.data<T>() + begin;
    sigmoid(k.x.data<T>() + begin, size, grad_x);
    for (std::int64_t i = 0; i < size; ++i) {
      grad_x[i] *= grad_y[i];
    }
  });
}
const OnCpu softplus_backward_entry{softplus_backward<float>, softplus_backward<double>};

}  // namespace
}  // namespace elastic::cpu

// Products gated by SiLU.
#include "tensor/kernels/swiglu.h"

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/sigmoid.h"
#include "tensor/cpu/slices.h"

namespace elastic::cpu {
namespace {

template <class T>
void swiglu_forward(const kernels::SwigluForward& k) {
  for_slices(k.a.numel(), [&](std::int64_t begin, std::int64_t size) {
    const T* a = k.a.data<T>() + begin;
    const T* b = k.b.data<T>() + begin;
    T* out = k.out.data<T>() + begin;
    sigmoid(a, size, out);
    for_lanes<T>(size, [&](auto zero, std::int64_t i) {
      using V = decltype(zero);
      store(out + i, load<V>(a + i) * load<V>(out + i) * load<V>(b + i));
    });
  });
}
const OnCpu swiglu_forward_entry{swiglu_forward<float>, swiglu_forward<double>};

// With s = sigmoid(a): da = g b s (1 + a (1 - s)), db = g a s.
template <class T>
void swiglu_backward(const kernels::SwigluBackward& k) {
  for_slices(k.a.numel(), [&](std::int64_t begin, std::int64_t size) {
    const T* a = k.a.data<T>() + begin;
    const T* b = k.b.data<T>() + begin;
    const T* grad = k.grad_out.data<T>() + begin;
    T* grad_a = k.grad_a.data<T>() + begin;
    T* grad_b = k.grad_b.data<T>() + begin;
    sigmoid(a, size, grad_a);
    for_lanes<T>(size, [&](auto zero, std::int64_t i) {
      using V = decltype(zero);
      const V open = load<V>(grad_a + i);
      const V scaled = open * load<V>(grad + i);
      store(grad_a + i, scaled * load<V>(b + i) * (T(1) + load<V>(a + i) * (T(1) - open)));
      store(grad_b + i, scaled * load<V>(a + i));
    });
  });
}
const OnCpu swiglu_backward_entry{swiglu_backward<float>, swiglu_backward<double>};

}  // namespace
}  // namespace elastic::cpu

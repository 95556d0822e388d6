// Residual connections with a gate for each element.
#include "tensor/kernels/gated_residual.h"

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/sigmoid.h"
#include "tensor/cpu/slices.h"

namespace elastic::cpu {
namespace {

template <class T>
void gated_residual_forward(const kernels::GatedResidualForward& k) {
  for_slices(k.x.numel(), [&](std::int64_t begin, std::int64_t size) {
    const T* x = k.x.data<T>() + begin;
    const T* y = k.y.data<T>() + begin;
    T* out = k.out.data<T>() + begin;
    sigmoid(k.gate.data<T>() + begin, size, out);
    for_lanes<T>(size, [&](auto zero, std::int64_t i) {
      using V = decltype(zero);
      store(out + i, load<V>(x + i) + load<V>(out + i) * (load<V>(y + i) - load<V>(x + i)));
    });
  });
}
const OnCpu gated_residual_forward_entry{gated_residual_forward<float>,
                                         gated_residual_forward<double>};

// With s = sigmoid(gate): dy = s g, dx = (1 - s) g, dgate = s (1 - s) (y - x) g.
template <class T>
void gated_residual_backward(const kernels::GatedResidualBackward& k) {
  for_slices(k.x.numel(), [&](std::int64_t begin, std::int64_t size) {
    const T* x = k.x.data<T>() + begin;
    const T* y = k.y.data<T>() + begin;
    const T* grad = k.grad_out.data<T>() + begin;
    T* grad_x = k.grad_x.data<T>() + begin;
    T* grad_y = k.grad_y.data<T>() + begin;
    T* grad_gate = k.grad_gate.data<T>() + begin;
    sigmoid(k.gate.data<T>() + begin, size, grad_gate);
    for_lanes<T>(size, [&](auto zero, std::int64_t i) {
      using V = decltype(zero);
      const V open = load<V>(grad_gate + i);
      const V kept = (T(1) - open) * load<V>(grad + i);
      store(grad_x + i, kept);
      store(grad_y + i, open * load<V>(grad + i));
      store(grad_gate + i, open * kept * (load<V>(y + i) - load<V>(x + i)));
    });
  });
}
const OnCpu gated_residual_backward_entry{gated_residual_backward<float>,
                                          gated_residual_backward<double>};

}  // namespace
}  // namespace elastic::cpu

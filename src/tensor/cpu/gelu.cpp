// GELU, element by element.
#include "tensor/kernels/gelu.h"

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/slices.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

template <class T>
void gelu_forward(const kernels::GeluForward& k) {
  for_slices(k.x.numel(), [&](std::int64_t begin, std::int64_t size) {
    gelu(k.x.data<T>() + begin, size, k.y.data<T>() + begin);
  });
}
const OnCpu gelu_forward_entry{gelu_forward<float>, gelu_forward<double>};

template <class T>
void gelu_backward(const kernels::GeluBackward& k) {
  Tensor unused = workspace<T>(k.x.numel());
  copy_elements(k.grad_y, k.grad_x);
  for_slices(k.x.numel(), [&](std::int64_t begin, std::int64_t size) {
    gelu_with_gradient(
        k.x.data<T>() + begin, size, unused.data<T>() + begin, k.grad_x.data<T>() + begin);
  });
}
const OnCpu gelu_backward_entry{gelu_backward<float>, gelu_backward<double>};

}  // namespace
}  // namespace elastic::cpu

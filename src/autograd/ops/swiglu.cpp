#include "autograd/ops/swiglu.h"

#include "base/scope.h"
#include "tensor/kernels/swiglu.h"

namespace elastic::ops {

Variable swiglu(const Variable& a, const Variable& b) {
  const OpScope scope(__func__);
  require_shape(a.shape() == b.shape(), "swiglu: shapes differ, ", a.shape(), " and ", b.shape());
  Tensor out = empty_like(a.value());
  run(kernels::SwigluForward{a.value(), b.value(), out});
  return record(out, {a, b}, [a, b](const Tensor& grad) {
    Tensor grad_a = empty_like(grad, Memory::kGradient);
    Tensor grad_b = empty_like(grad, Memory::kGradient);
    run(kernels::SwigluBackward{a.value(), b.value(), grad, grad_a, grad_b});
    a.add_grad(std::move(grad_a));
    b.add_grad(std::move(grad_b));
  });
}

}  // namespace elastic::ops

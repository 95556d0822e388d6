#include "autograd/ops/softplus.h"

#include "base/scope.h"
#include "tensor/kernels/softplus.h"

namespace elastic::ops {

Variable softplus(const Variable& x) {
  const OpScope scope(__func__);
  Tensor out = empty_like(x.value());
  run(kernels::SoftplusForward{x.value(), out});
  return record(out, {x}, [x](const Tensor& grad) {
    Tensor grad_x = empty_like(grad, Memory::kGradient);
    run(kernels::SoftplusBackward{x.value(), grad, grad_x});
    x.add_grad(std::move(grad_x));
  });
}

}  // namespace elastic::ops

#include "autograd/ops/silu.h"

#include "base/scope.h"
#include "tensor/kernels/silu.h"

namespace elastic::ops {

Variable silu(const Variable& x) {
  const OpScope scope(__func__);
  Tensor out = empty_like(x.value());
  run(kernels::SiluForward{x.value(), out});
  return record(out, {x}, [x](const Tensor& grad) {
    Tensor grad_x = empty_like(grad, Memory::kGradient);
    run(kernels::SiluBackward{x.value(), grad, grad_x});
    x.add_grad(std::move(grad_x));
  });
}

}  // namespace elastic::ops

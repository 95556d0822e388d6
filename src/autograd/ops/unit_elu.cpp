#include "autograd/ops/unit_elu.h"

#include "base/scope.h"
#include "tensor/kernels/unit_elu.h"

namespace elastic::ops {

Variable unit_elu(const Variable& x) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() >= 1, "unit_elu: expected rows [..., N], got ", x.shape());
  Tensor out = empty_like(x.value());
  run(kernels::UnitEluForward{x.value(), out});
  return record(out, {x}, [x](const Tensor& grad) {
    Tensor grad_x = empty_like(grad, Memory::kGradient);
    run(kernels::UnitEluBackward{x.value(), grad, grad_x});
    x.add_grad(std::move(grad_x));
  });
}

}  // namespace elastic::ops

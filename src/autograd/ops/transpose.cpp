#include "autograd/ops/transpose.h"

#include "base/scope.h"
#include "tensor/kernels/transpose.h"

namespace elastic::ops {

Variable transpose(const Variable& x) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() == 2, "transpose: expected a matrix, got ", x.shape());
  Tensor out({x.shape()[1], x.shape()[0]}, x.value().dtype(), x.value().device());
  run(kernels::Transpose{x.value(), out});
  return record(out, {x}, [x](const Tensor& grad) {
    Tensor grad_x = empty_like(x.value(), Memory::kGradient);
    run(kernels::Transpose{grad, grad_x});
    x.add_grad(std::move(grad_x));
  });
}

}  // namespace elastic::ops

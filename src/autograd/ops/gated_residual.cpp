#include "autograd/ops/gated_residual.h"

#include "base/scope.h"
#include "tensor/kernels/gated_residual.h"

namespace elastic::ops {

Variable gated_residual(const Variable& x, const Variable& y, const Variable& gate) {
  const OpScope scope(__func__);
  require_shape(x.shape() == y.shape() && x.shape() == gate.shape(),
                "gated_residual: shapes differ, ",
                x.shape(),
                ", ",
                y.shape(),
                " and ",
                gate.shape());
  Tensor out = empty_like(x.value());
  run(kernels::GatedResidualForward{x.value(), y.value(), gate.value(), out});
  return record(out, {x, y, gate}, [x, y, gate](const Tensor& grad) {
    Tensor grad_x = empty_like(grad, Memory::kGradient);
    Tensor grad_y = empty_like(grad, Memory::kGradient);
    Tensor grad_gate = empty_like(grad, Memory::kGradient);
    run(kernels::GatedResidualBackward{.x = x.value(),
                                       .y = y.value(),
                                       .gate = gate.value(),
                                       .grad_out = grad,
                                       .grad_x = grad_x,
                                       .grad_y = grad_y,
                                       .grad_gate = grad_gate});
    x.add_grad(std::move(grad_x));
    y.add_grad(std::move(grad_y));
    gate.add_grad(std::move(grad_gate));
  });
}

}  // namespace elastic::ops

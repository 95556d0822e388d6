#include "autograd/ops/layer_norm.h"

#include "base/scope.h"
#include "tensor/kernels/layer_norm.h"

namespace elastic::ops {

Norm NormVariables::values() const {
  return has_parameters() ? Norm{weight.value(), bias.value()} : Norm{};
}

NormGrad NormVariables::new_grad() const {
  return has_parameters() ? NormGrad{empty_like(weight.value(), Memory::kGradient),
                                     empty_like(bias.value(), Memory::kGradient)}
                          : NormGrad{};
}

void NormVariables::add_grad(const NormGrad& grad) const {
  if (has_parameters()) {
    weight.add_grad(grad.weight);
    bias.add_grad(grad.bias);
  }
}

Variable layer_norm(const Variable& x, const NormVariables& norm) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() >= 1, "layer_norm: expected [..., D], got ", x.shape());
  require_shape(!norm.has_parameters() || norm.weight.shape() == Shape{x.shape()[-1]},
                "layer_norm: weight ",
                norm.has_parameters() ? norm.weight.shape() : Shape{},
                " does not fit input ",
                x.shape());
  Tensor out = empty_like(x.value());
  run(kernels::LayerNormForward{x.value(), norm.values(), out});
  return record(out, {x, norm.weight, norm.bias}, [x, norm](const Tensor& grad) {
    Tensor grad_x = empty_like(grad, Memory::kGradient);
    NormGrad grad_norm = norm.new_grad();
    run(kernels::LayerNormBackward{x.value(), norm.values(), grad, grad_x, grad_norm});
    x.add_grad(std::move(grad_x));
    norm.add_grad(grad_norm);
  });
}

}  // namespace elastic::ops

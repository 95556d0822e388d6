#include "autograd/ops/dispatch.h"

#include "autograd/ops/dispatcher_shapes.h"
#include "base/scope.h"
#include "tensor/kernels/dispatch.h"

namespace elastic::ops {

Variable dispatcher_dispatch(const Variable& x,
                             const NormVariables& norm,
                             const Variable& key,
                             const Variable& value,
                             const Variable& bias,
                             const Segments& segments,
                             const Dropout& dropout) {
  const OpScope scope(__func__);
  check_dispatcher("dispatcher_dispatch", x, key, segments);
  require_shape(bias.defined(), "dispatcher_dispatch: expected a bias");
  require_shape(key.shape() == value.shape() && bias.shape() == Shape{x.shape()[1]},
                "dispatcher_dispatch: key ",
                key.shape(),
                ", value ",
                value.shape(),
                " and bias ",
                bias.shape(),
                " do not fit");
  Tensor out = empty_like(x.value());
  run(kernels::DispatchForward{.x = x.value(),
                               .norm = norm.values(),
                               .key = key.value(),
                               .value = value.value(),
                               .bias = bias.value(),
                               .segments = segments,
                               .dropout = dropout,
                               .y = out});
  return record(out, {x, key, value, bias, norm.weight, norm.bias}, [=](Tensor grad) {
    Tensor grad_key = empty_like(key.value(), Memory::kGradient);
    Tensor grad_value = empty_like(value.value(), Memory::kGradient);
    Tensor grad_bias = empty_like(bias.value(), Memory::kGradient);
    NormGrad grad_norm = norm.new_grad();
    run(kernels::DispatchBackward{.x = x.value(),
                                  .norm = norm.values(),
                                  .key = key.value(),
                                  .value = value.value(),
                                  .segments = segments,
                                  .dropout = dropout,
                                  .grad_y = grad,
                                  .grad_x = grad,
                                  .grad_norm = grad_norm,
                                  .grad_key = grad_key,
                                  .grad_value = grad_value,
                                  .grad_bias = grad_bias});
    x.add_grad(std::move(grad));
    key.add_grad(std::move(grad_key));
    value.add_grad(std::move(grad_value));
    bias.add_grad(std::move(grad_bias));
    norm.add_grad(grad_norm);
  });
}

}  // namespace elastic::ops

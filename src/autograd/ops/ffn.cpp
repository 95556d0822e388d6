#include "autograd/ops/ffn.h"

#include "base/scope.h"
#include "tensor/kernels/ffn.h"

namespace elastic::ops {
namespace {

FfnWeights values_of(const FfnVariables& weights) {
  return {weights.norm.values(),
          weights.up_weight.value(),
          weights.up_bias.value(),
          weights.down_weight.value(),
          weights.down_bias.value()};
}

}  // namespace

Variable ffn(const Variable& x, const FfnVariables& weights, const Dropout& dropout) {
  const OpScope scope(__func__);
  const Shape& up = weights.up_weight.shape();
  require_shape(x.shape().rank() == 2 && up.rank() == 2 && x.shape()[1] == up[1] &&
                    weights.down_weight.shape() == Shape({up[1], up[0]}),
                "ffn: input ",
                x.shape(),
                ", up ",
                up,
                " and down ",
                weights.down_weight.shape(),
                " do not fit");
  Tensor out = empty_like(x.value());
  run(kernels::FfnForward{x.value(), values_of(weights), dropout, out});
  return record(out,
                {x,
                 weights.norm.weight,
                 weights.norm.bias,
                 weights.up_weight,
                 weights.up_bias,
                 weights.down_weight,
                 weights.down_bias},
                [x, weights, dropout](Tensor grad) {
                  const auto like = [](const Variable& variable) {
                    return empty_like(variable.value(), Memory::kGradient);
                  };
                  FfnWeights grads{weights.norm.new_grad(),
                                   like(weights.up_weight),
                                   like(weights.up_bias),
                                   like(weights.down_weight),
                                   like(weights.down_bias)};
                  run(kernels::FfnBackward{.x = x.value(),
                                           .weights = values_of(weights),
                                           .dropout = dropout,
                                           .grad_y = grad,
                                           .grad_x = grad,
                                           .grad_weights = grads});
                  x.add_grad(std::move(grad));
                  weights.norm.add_grad(grads.norm);
                  weights.up_weight.add_grad(std::move(grads.up_weight));
                  weights.up_bias.add_grad(std::move(grads.up_bias));
                  weights.down_weight.add_grad(std::move(grads.down_weight));
                  weights.down_bias.add_grad(std::move(grads.down_bias));
                });
}

}  // namespace elastic::ops

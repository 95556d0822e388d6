#include "autograd/ops/gru.h"

#include "base/scope.h"
#include "tensor/kernels/gru.h"

namespace elastic::ops {

Variable gru(const Variable& input,
             const Variable& weight,
             const Variable& bias,
             const Segments& segments) {
  const OpScope scope(__func__);
  require_shape(weight.shape().rank() == 2 && weight.shape()[0] == 3 * weight.shape()[1] &&
                    bias.defined() && bias.shape() == Shape{weight.shape()[0]},
                "gru: expected weight [3 D, D] and bias [3 D], got ",
                weight.shape(),
                " and ",
                bias.defined() ? bias.shape() : Shape{0});
  require_shape(input.shape() == Shape{segments.num_tokens(), weight.shape()[0]},
                "gru: expected input [",
                segments.num_tokens(),
                ", ",
                weight.shape()[0],
                "], got ",
                input.shape());
  Tensor hidden(
      {segments.num_tokens(), weight.shape()[1]}, input.value().dtype(), input.value().device());
  run(kernels::GruForward{input.value(), weight.value(), bias.value(), segments, hidden});
  return record(
      hidden, {input, weight, bias}, [input, weight, bias, segments, hidden](const Tensor& grad) {
        Tensor grad_input = empty_like(input.value(), Memory::kGradient);
        Tensor grad_weight = empty_like(weight.value(), Memory::kGradient);
        Tensor grad_bias = empty_like(bias.value(), Memory::kGradient);
        run(kernels::GruBackward{.input = input.value(),
                                 .weight = weight.value(),
                                 .bias = bias.value(),
                                 .segments = segments,
                                 .hidden = hidden,
                                 .grad_hidden = grad,
                                 .grad_input = grad_input,
                                 .grad_weight = grad_weight,
                                 .grad_bias = grad_bias});
        input.add_grad(std::move(grad_input));
        weight.add_grad(std::move(grad_weight));
        bias.add_grad(std::move(grad_bias));
      });
}

}  // namespace elastic::ops

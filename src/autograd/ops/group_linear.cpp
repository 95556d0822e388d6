#include "autograd/ops/group_linear.h"

#include "base/scope.h"
#include "tensor/kernels/group_linear.h"

namespace elastic::ops {

Variable group_linear(const Variable& x,
                      const Segments& segments,
                      const Segments& groups,
                      std::int64_t stride,
                      const Variable& weight,
                      const Variable& bias) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() == 2 && x.shape()[0] == segments.num_tokens(),
                "group_linear: expected tokens [",
                segments.num_tokens(),
                ", D], got ",
                x.shape());
  require_shape(weight.shape().rank() == 2 && weight.shape()[1] == stride * x.shape()[1] &&
                    bias.defined() && bias.shape() == Shape{weight.shape()[0]},
                "group_linear: expected weight [O, ",
                stride * x.shape()[1],
                "] and bias [O], got ",
                weight.shape(),
                " and ",
                bias.defined() ? bias.shape() : Shape{0});
  Tensor out({groups.num_tokens(), weight.shape()[0]}, x.value().dtype(), x.value().device());
  run(kernels::GroupLinearForward{.x = x.value(),
                                  .segments = segments,
                                  .groups = groups,
                                  .stride = stride,
                                  .weight = weight.value(),
                                  .bias = bias.value(),
                                  .y = out});
  return record(
      out, {x, weight, bias}, [x, segments, groups, stride, weight, bias](const Tensor& grad) {
        Tensor grad_weight = empty_like(weight.value(), Memory::kGradient);
        Tensor grad_bias = empty_like(bias.value(), Memory::kGradient);
        run(kernels::GroupLinearBackward{.x = x.value(),
                                         .segments = segments,
                                         .groups = groups,
                                         .stride = stride,
                                         .weight = weight.value(),
                                         .grad_y = grad,
                                         .grad_x = x.grad_buffer(),
                                         .grad_weight = grad_weight,
                                         .grad_bias = grad_bias});
        weight.add_grad(std::move(grad_weight));
        bias.add_grad(std::move(grad_bias));
      });
}

}  // namespace elastic::ops

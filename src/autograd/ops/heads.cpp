#include "autograd/ops/heads.h"

#include "base/scope.h"
#include "tensor/kernels/heads.h"

namespace elastic::ops {

Variable heads_expand(const Variable& x, const Variable& weight, std::int64_t num_heads) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() == 3 && weight.shape() == Shape{x.shape()[2], x.shape()[2]} &&
                    x.shape()[2] % num_heads == 0,
                "heads_expand: expected [B, k, D] and [D, D] with D divisible by ",
                num_heads,
                " heads, got ",
                x.shape(),
                " and ",
                weight.shape());
  Tensor out(
      {x.shape()[0], num_heads, x.shape()[1], x.shape()[2]}, x.value().dtype(), x.value().device());
  run(kernels::HeadsExpand{x.value(), weight.value(), out});
  return record(out, {x, weight}, [x, weight](const Tensor& grad) {
    Tensor grad_x = empty_like(x.value(), Memory::kGradient);
    Tensor grad_weight = empty_like(weight.value(), Memory::kGradient);
    run(kernels::HeadsContract{grad, weight.value(), grad_x});
    run(kernels::HeadsOuter{x.value(), grad, grad_weight});
    x.add_grad(std::move(grad_x));
    weight.add_grad(std::move(grad_weight));
  });
}

Variable heads_contract(const Variable& z, const Variable& weight) {
  const OpScope scope(__func__);
  require_shape(z.shape().rank() == 4 && weight.shape() == Shape{z.shape()[3], z.shape()[3]} &&
                    z.shape()[3] % z.shape()[1] == 0,
                "heads_contract: expected [B, H, k, D] and [D, D], got ",
                z.shape(),
                " and ",
                weight.shape());
  Tensor out({z.shape()[0], z.shape()[2], z.shape()[3]}, z.value().dtype(), z.value().device());
  run(kernels::HeadsContract{z.value(), weight.value(), out});
  return record(out, {z, weight}, [z, weight](const Tensor& grad) {
    Tensor grad_z = empty_like(z.value(), Memory::kGradient);
    Tensor grad_weight = empty_like(weight.value(), Memory::kGradient);
    run(kernels::HeadsExpand{grad, weight.value(), grad_z});
    run(kernels::HeadsOuter{grad, z.value(), grad_weight});
    z.add_grad(std::move(grad_z));
    weight.add_grad(std::move(grad_weight));
  });
}

}  // namespace elastic::ops

#include "autograd/ops/linear_cross_entropy.h"

namespace elastic::ops {

Variable linear_cross_entropy(const Variable& hidden,
                              const Variable& table,
                              const Tensor& targets) {
  require_shape(hidden.shape().rank() == 2 && table.shape().rank() == 2 &&
                    hidden.shape()[1] == table.shape()[1] && table.shape()[0] >= 2,
                "linear_cross_entropy: hidden ",
                hidden.shape(),
                " and table ",
                table.shape(),
                " do not fit");
  require_shape(hidden.shape()[0] >= 1 && targets.numel() == hidden.shape()[0],
                "linear_cross_entropy: ",
                targets.numel(),
                " targets for hidden ",
                hidden.shape());
  Backend& backend = backend_for(hidden.value().device());
  Tensor loss({}, hidden.value().dtype(), hidden.value().device());
  if (!records({hidden, table})) {
    backend.linear_cross_entropy(hidden.value(), table.value(), targets, loss, nullptr, nullptr);
    return Variable(loss);
  }
  Tensor grad_hidden = empty_like(hidden.value(), Memory::kGradient);
  Tensor grad_table = empty_like(table.value(), Memory::kGradient);
  backend.linear_cross_entropy(
      hidden.value(), table.value(), targets, loss, &grad_hidden, &grad_table);
  return record(loss, {hidden, table}, [=, &backend](const Tensor& grad) mutable {
    backend.scale_by(grad_hidden, grad, grad_hidden);
    backend.scale_by(grad_table, grad, grad_table);
    hidden.add_grad(std::move(grad_hidden));
    table.add_grad(std::move(grad_table));
  });
}

}  // namespace elastic::ops

#include "autograd/ops/linear_cross_entropy.h"

#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/linear_cross_entropy.h"

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
  Tensor loss({}, hidden.value().dtype(), hidden.value().device());
  if (!records({hidden, table})) {
    run(kernels::LinearCrossEntropy{.hidden = hidden.value(),
                                    .table = table.value(),
                                    .targets = targets,
                                    .loss = loss,
                                    .grad_hidden = nullptr,
                                    .grad_table = nullptr});
    return Variable(loss);
  }
  Tensor grad_hidden = empty_like(hidden.value(), Memory::kGradient);
  Tensor grad_table = empty_like(table.value(), Memory::kGradient);
  run(kernels::LinearCrossEntropy{.hidden = hidden.value(),
                                  .table = table.value(),
                                  .targets = targets,
                                  .loss = loss,
                                  .grad_hidden = &grad_hidden,
                                  .grad_table = &grad_table});
  return record(loss, {hidden, table}, [=](const Tensor& grad) mutable {
    run(kernels::ScaleBy{grad_hidden, grad, grad_hidden});
    run(kernels::ScaleBy{grad_table, grad, grad_table});
    hidden.add_grad(std::move(grad_hidden));
    table.add_grad(std::move(grad_table));
  });
}

}  // namespace elastic::ops

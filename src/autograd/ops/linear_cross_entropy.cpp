#include "autograd/ops/linear_cross_entropy.h"

#include "autograd/ops/catalogue_loss.h"
#include "base/scope.h"
#include "tensor/kernels/linear_cross_entropy.h"

namespace elastic::ops {

Variable linear_cross_entropy(const Variable& hidden,
                              const Variable& table,
                              const Tensor& targets,
                              const RowLists& excluded) {
  const OpScope scope(__func__);
  check_catalogue("linear_cross_entropy", hidden, table, targets);
  check_excluded("linear_cross_entropy", excluded, targets.numel());
  return catalogue_loss(hidden, table, [&](Tensor& loss, Tensor* grad_hidden, Tensor* grad_table) {
    run(kernels::LinearCrossEntropy{.hidden = hidden.value(),
                                    .table = table.value(),
                                    .targets = targets,
                                    .excluded = excluded,
                                    .loss = loss,
                                    .grad_hidden = grad_hidden,
                                    .grad_table = grad_table});
  });
}

}  // namespace elastic::ops

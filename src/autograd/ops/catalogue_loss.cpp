#include "autograd/ops/catalogue_loss.h"

#include "tensor/kernels/elementwise.h"

namespace elastic::ops {

void check_catalogue(const char* op,
                     const Variable& hidden,
                     const Variable& table,
                     const Tensor& targets) {
  require_shape(hidden.shape().rank() == 2 && table.shape().rank() == 2 &&
                    hidden.shape()[1] == table.shape()[1] && table.shape()[0] >= 2,
                op,
                ": hidden ",
                hidden.shape(),
                " and table ",
                table.shape(),
                " do not fit");
  require_shape(hidden.shape()[0] >= 1 && targets.numel() == hidden.shape()[0],
                op,
                ": ",
                targets.numel(),
                " targets for hidden ",
                hidden.shape());
}

void check_excluded(const char* op, const RowLists& excluded, std::int64_t rows) {
  require_shape(
      !excluded.defined() || (excluded.ids.defined() && excluded.begins.defined() &&
                              excluded.begins.numel() == rows && excluded.counts.numel() == rows),
      op,
      ": expected a list of left-out items for each of ",
      rows,
      " rows");
}

Variable catalogue_loss(const Variable& hidden,
                        const Variable& table,
                        const CatalogueKernel& compute) {
  Tensor loss({}, hidden.value().dtype(), hidden.value().device());
  if (!records({hidden, table})) {
    compute(loss, nullptr, nullptr);
    return Variable(loss);
  }
  Tensor grad_hidden = empty_like(hidden.value(), Memory::kGradient);
  Tensor grad_table = empty_like(table.value(), Memory::kGradient);
  compute(loss, &grad_hidden, &grad_table);
  return record(loss, {hidden, table}, [=](const Tensor& grad) mutable {
    run(kernels::ScaleBy{grad_hidden, grad, grad_hidden});
    run(kernels::ScaleBy{grad_table, grad, grad_table});
    hidden.add_grad(std::move(grad_hidden));
    table.add_grad(std::move(grad_table));
  });
}

}  // namespace elastic::ops

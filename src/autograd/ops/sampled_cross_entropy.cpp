#include "autograd/ops/sampled_cross_entropy.h"

#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/sampled_cross_entropy.h"

namespace elastic::ops {
namespace {

void check_sample(const SampledItems& sampled, std::int64_t rows) {
  require_shape(sampled.rows.defined() && sampled.size() >= 1,
                "sampled_cross_entropy: expected sampled items, got none");
  require_shape(
      sampled.log_counts.defined() == sampled.target_log_counts.defined() &&
          (!sampled.log_counts.defined() || (sampled.log_counts.numel() == sampled.size() &&
                                             sampled.target_log_counts.numel() == rows)),
      "sampled_cross_entropy: expected a count for each of ",
      sampled.size(),
      " items and ",
      rows,
      " targets, or none");
  require_shape(!sampled.owners.defined() ||
                    (sampled.owners.numel() == rows && sampled.excluded_places.defined() &&
                     sampled.excluded_places.numel() == sampled.excluded.num_tokens()),
                "sampled_cross_entropy: expected an owner of left-out places for each of ",
                rows,
                " rows");
}

}  // namespace

Variable sampled_cross_entropy(const Variable& hidden,
                               const Variable& table,
                               const Tensor& targets,
                               const SampledItems& sampled,
                               const SampledLoss& kind) {
  require_shape(hidden.shape().rank() == 2 && table.shape().rank() == 2 &&
                    hidden.shape()[1] == table.shape()[1] && table.shape()[0] >= 2,
                "sampled_cross_entropy: hidden ",
                hidden.shape(),
                " and table ",
                table.shape(),
                " do not fit");
  require_shape(hidden.shape()[0] >= 1 && targets.numel() == hidden.shape()[0],
                "sampled_cross_entropy: ",
                targets.numel(),
                " targets for hidden ",
                hidden.shape());
  check_sample(sampled, hidden.shape()[0]);
  Tensor loss({}, hidden.value().dtype(), hidden.value().device());
  if (!records({hidden, table})) {
    run(kernels::SampledCrossEntropy{.hidden = hidden.value(),
                                     .table = table.value(),
                                     .targets = targets,
                                     .sampled = sampled,
                                     .kind = kind,
                                     .loss = loss,
                                     .grad_hidden = nullptr,
                                     .grad_table = nullptr});
    return Variable(loss);
  }
  Tensor grad_hidden = empty_like(hidden.value(), Memory::kGradient);
  Tensor grad_table = empty_like(table.value(), Memory::kGradient);
  run(kernels::SampledCrossEntropy{.hidden = hidden.value(),
                                   .table = table.value(),
                                   .targets = targets,
                                   .sampled = sampled,
                                   .kind = kind,
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

#include "autograd/ops/sampled_cross_entropy.h"

#include "autograd/ops/catalogue_loss.h"
#include "base/scope.h"
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
  check_excluded("sampled_cross_entropy", sampled.excluded, rows);
}

}  // namespace

Variable sampled_cross_entropy(const Variable& hidden,
                               const Variable& table,
                               const Tensor& targets,
                               const SampledItems& sampled,
                               const SampledLoss& kind) {
  const OpScope scope(__func__);
  check_catalogue("sampled_cross_entropy", hidden, table, targets);
  check_sample(sampled, hidden.shape()[0]);
  return catalogue_loss(hidden, table, [&](Tensor& loss, Tensor* grad_hidden, Tensor* grad_table) {
    run(kernels::SampledCrossEntropy{.hidden = hidden.value(),
                                     .table = table.value(),
                                     .targets = targets,
                                     .sampled = sampled,
                                     .kind = kind,
                                     .loss = loss,
                                     .grad_hidden = grad_hidden,
                                     .grad_table = grad_table});
  });
}

}  // namespace elastic::ops

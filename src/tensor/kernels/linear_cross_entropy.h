// Cross-entropy over the whole catalogue, without stored logits.
#pragma once

#include "tensor/kernel.h"
#include "tensor/row_lists.h"

namespace elastic::kernels {

/// loss[0] = mean over rows of -log softmax over items 1..V of (hidden . table) at the target, by
/// tiles; the [R, V] logits never exist. hidden [R, D], table [V + 1, D], targets [R]. A row's
/// softmax leaves out its `excluded` items, but not its target; an item may be listed several times
/// and 0 means none. Also writes grad_hidden [R, D] and grad_table [V + 1, D] (row 0 zero) in the
/// same pass, unless both are null.
struct LinearCrossEntropy {
  static constexpr const char* kName = "linear_cross_entropy";
  const Tensor& hidden;
  const Tensor& table;
  const Tensor& targets;
  const RowLists& excluded;
  Tensor& loss;
  Tensor* grad_hidden;
  Tensor* grad_table;
  ELASTIC_OPERANDS(hidden, table, targets, excluded, loss, grad_hidden, grad_table);
  double flops() const {
    return (grad_hidden != nullptr ? 6.0 : 2.0) * num_rows(hidden) * num_cols(hidden) *
           (num_rows(table) - 1.0);
  }
};

}  // namespace elastic::kernels

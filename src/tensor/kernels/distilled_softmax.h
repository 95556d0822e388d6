// Cross-entropy mixed with the divergence from a teacher, over explicit logits.
#pragma once

#include "tensor/distillation.h"
#include "tensor/kernel.h"
#include "tensor/row_lists.h"

namespace elastic::kernels {

/// For each row r over its candidates C_r, the items 1..V without its `excluded` ones but with its
/// target: losses[r] = scale times the loss that ops::distilled_cross_entropy defines, and `logits`
/// become its gradient, 0 outside C_r. logits and teacher [R, V + 1], of which column 0 belongs to
/// no item; targets, losses [R]. `teacher` is overwritten.
struct DistilledSoftmax {
  static constexpr const char* kName = "distilled_softmax";
  Tensor& logits;
  Tensor& teacher;
  const Tensor& targets;
  const RowLists& excluded;
  const Distillation& settings;
  double scale;
  Tensor& losses;
  ELASTIC_OPERANDS(logits, teacher, targets, excluded, losses);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels

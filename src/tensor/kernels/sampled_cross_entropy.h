// Cross-entropy against sampled items.
#pragma once

#include "tensor/kernel.h"
#include "tensor/sampled_items.h"

namespace elastic::kernels {

/// loss[0] = the mean over rows of the target's loss against the `sampled` items, as
/// ops::sampled_cross_entropy defines it, by tiles of rows. A row that leaves out all sampled items
/// has loss 0. hidden [R, D], table [N, D], targets [R], in 1..N-1. Also writes grad_hidden [R, D]
/// and grad_table [N, D], unless both are null.
struct SampledCrossEntropy {
  static constexpr const char* kName = "sampled_cross_entropy";
  const Tensor& hidden;
  const Tensor& table;
  const Tensor& targets;
  const SampledItems& sampled;
  const SampledLoss& kind;
  Tensor& loss;
  Tensor* grad_hidden;
  Tensor* grad_table;
  ELASTIC_OPERANDS(hidden,
                   SomeRows{table, static_cast<double>(sampled.size() + targets.numel())},
                   targets,
                   sampled,
                   loss,
                   grad_hidden,
                   grad_table);
  double flops() const {
    return (grad_hidden != nullptr ? 6.0 : 2.0) * num_rows(hidden) * num_cols(hidden) *
           static_cast<double>(sampled.size() + 1);
  }
};

}  // namespace elastic::kernels

// What a loss against drawn negatives comes to for a model and its catalogue.
#pragma once

#include "model/model.h"
#include "tensor/sampled_items.h"
#include "train/train_config.h"

namespace elastic::train {

struct Sampling {
  SampledLoss loss;
  bool corrected = false;  ///< scores are taken less the logs of their items' expected counts
  bool by_rows = false;    ///< a step reads, scores and updates only the items that it names
};

/// The `loss` of the config made definite. gbce follows Petrov and Macdonald 2023 (arXiv
/// 2308.07192): beta = alpha (t (1 - 1 / alpha) + 1 / alpha), alpha = negatives / (V - 1). Throws
/// UsageError where gbce has fewer items than negatives, or `item_updates` rows does not fit the
/// model. The loss softmax has nothing to sample: its Sampling is not to be used.
Sampling sampling_for(const TrainConfig& config, const Model& model);

}  // namespace elastic::train

// What a loss against drawn negatives comes to for a model and its catalogue.
#pragma once

#include "model/model.h"
#include "tensor/sampled_items.h"
#include "train/train_config.h"

namespace elastic::train {

struct Sampling {
  std::int64_t num_drawn = 0;  ///< items that a step draws
  SampledLoss loss;
  bool corrected = false;  ///< scores are taken less the logs of their items' expected counts
  double prior = 0.0;      ///< otherwise: less this
  bool by_rows = false;    ///< a step reads, scores and updates only the items that it names
};

/// The loss made definite for a model and its catalogue.
///
/// The binary losses ask of every score how the odds are that its item is the target and not one of
/// m negatives, which are 1 to m before anything is known: log m is taken off the scores. Without,
/// the model learns that one number first, through all of its items' vectors, and little else for
/// thousands of steps; the order of the items is the same. Of fewer than 256 negatives a step
/// draws 256 nevertheless, which count for m together: what m of its own for each target come to
/// on average.
///
/// gbce follows Petrov and Macdonald 2023 (arXiv
/// 2308.07192): beta = alpha (t (1 - 1 / alpha) + 1 / alpha), alpha = negatives / (V - 1). Throws
/// UsageError where gbce has fewer items than negatives, or `item_updates` rows does not fit the
/// model. The loss softmax has nothing to sample: its Sampling is not to be used.
Sampling sampling_for(const LossOptions& loss, const Model& model);

}  // namespace elastic::train

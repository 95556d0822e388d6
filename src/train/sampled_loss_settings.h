// Settings of the sampled losses, resolved for a model and its catalogue.
#pragma once

#include "model/model.h"
#include "tensor/sampled_items.h"
#include "train/train_config.h"

namespace elastic::train {

struct SampledLossSettings {
  std::int64_t num_drawn = 0;  ///< negative items that a step draws
  SampledLoss loss;
  bool corrected = false;  ///< each score is reduced by the log of its item's expected count
  double prior = 0.0;      ///< otherwise each score is reduced by this constant
  bool by_rows = false;    ///< a step gathers, scores and updates only the item rows it refers to
};

/// Resolves the loss for a model; the equations and their reasons are in docs/models.md,
/// "Losses". With fewer than 256 negatives m, the binary losses draw 256 and weight each by m /
/// 256; their prior is log m. With loss softmax nothing is sampled and the result must not be used.
///
/// Throws UsageError if gbce is given more negatives than the catalogue has other items, or
/// `item_updates` is rows with a model that computes its items from the whole table.
SampledLossSettings sampled_loss_settings(const LossOptions& loss, const Model& model);

}  // namespace elastic::train

#include "train/sampled_loss_settings.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace elastic::train {
namespace {

constexpr std::int64_t kLeastDrawn = 256;  ///< by the binary losses

// beta = alpha t - t + 1, with alpha the sampling rate m / (V - 1). Petrov and Macdonald 2023.
double gbce_power(const LossOptions& loss, const Model& model) {
  const std::int64_t others = model.config().num_items - 1;
  if (loss.negatives > others) {
    throw UsageError("--negatives: expected at most ",
                     others,
                     " with --loss gbce, the items besides the target, got ",
                     loss.negatives);
  }
  const double alpha = static_cast<double>(loss.negatives) / static_cast<double>(others);
  return alpha * loss.gbce_t - loss.gbce_t + 1.0;
}

}  // namespace

SampledLossSettings sampled_loss_settings(const LossOptions& loss, const Model& model) {
  SampledLossSettings settings;
  if (loss.kind == LossKind::kSoftmax) {
    return settings;
  }
  if (loss.item_updates == ItemUpdates::kRows && !model.reads_item_rows()) {
    throw UsageError("--item-updates: expected all or auto with --model ",
                     model.config().model,
                     ", which computes its items from the whole table, got 'rows'");
  }
  settings.by_rows = loss.item_updates != ItemUpdates::kAll && model.reads_item_rows();
  settings.num_drawn = loss.negatives;
  if (loss.kind == LossKind::kSampledSoftmax) {
    // With uniform draws all expected counts are equal, and a constant does not change a softmax.
    settings.corrected = loss.negative_sampling != NegativeSampling::kUniform;
  } else {
    const auto negatives = static_cast<double>(loss.negatives);
    settings.num_drawn = std::max(loss.negatives, kLeastDrawn);
    settings.prior = std::log(negatives);
    settings.loss.kind = SampledLoss::Kind::kBinary;
    settings.loss.negative_weight = negatives / static_cast<double>(settings.num_drawn);
    settings.loss.target_power = loss.kind == LossKind::kGbce ? gbce_power(loss, model) : 1.0;
  }
  return settings;
}

}  // namespace elastic::train

#include "train/sampling.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace elastic::train {
namespace {

constexpr std::int64_t kLeastDrawn = 256;  ///< of the binary losses

// beta = alpha t - t + 1, alpha the share of the items that are drawn.
double gbce_power(const LossOptions& loss, const Model& model) {
  const std::int64_t others = model.config().num_items - 1;
  if (loss.negatives > others) {
    throw UsageError("negatives: expected at most ",
                     others,
                     " with loss gbce, the items besides the target, got ",
                     loss.negatives);
  }
  const double alpha = static_cast<double>(loss.negatives) / static_cast<double>(others);
  return alpha * loss.gbce_t - loss.gbce_t + 1.0;
}

}  // namespace

Sampling sampling_for(const LossOptions& loss, const Model& model) {
  Sampling sampling;
  if (loss.kind == LossKind::kSoftmax) {
    return sampling;
  }
  if (loss.item_updates == ItemUpdates::kRows && !model.reads_item_rows()) {
    throw UsageError("item_updates: expected all or auto with model ",
                     model.config().model,
                     ", which makes its items from the whole table, got 'rows'");
  }
  sampling.by_rows = loss.item_updates != ItemUpdates::kAll && model.reads_item_rows();
  sampling.num_drawn = loss.negatives;
  if (loss.kind == LossKind::kSampledSoftmax) {
    // Drawn uniformly, all items have one count, which no softmax sees.
    sampling.corrected = loss.negative_sampling != NegativeSampling::kUniform;
  } else {
    const auto negatives = static_cast<double>(loss.negatives);
    sampling.num_drawn = std::max(loss.negatives, kLeastDrawn);
    sampling.prior = std::log(negatives);
    sampling.loss.kind = SampledLoss::Kind::kBinary;
    sampling.loss.negative_weight = negatives / static_cast<double>(sampling.num_drawn);
    sampling.loss.target_power = loss.kind == LossKind::kGbce ? gbce_power(loss, model) : 1.0;
  }
  return sampling;
}

}  // namespace elastic::train

#include "train/sampled_loss_settings.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace elastic::train {
namespace {

constexpr std::int64_t kLeastDrawn = 256;  ///< by the binary losses

// beta = alpha t - t + 1, with alpha the sampling rate m / (V - 1). Petrov and Macdonald 2023.
double gbce_power(const TrainConfig& config, const Model& model) {
  const std::int64_t others = model.config().num_items - 1;
  if (config.negatives > others) {
    throw UsageError("negatives: expected at most ",
                     others,
                     " with loss gbce, the items besides the target, got ",
                     config.negatives);
  }
  const double alpha = static_cast<double>(config.negatives) / static_cast<double>(others);
  return alpha * config.gbce_t - config.gbce_t + 1.0;
}

}  // namespace

SampledLossSettings sampled_loss_settings(const TrainConfig& config, const Model& model) {
  SampledLossSettings settings;
  if (config.loss == "softmax") {
    return settings;
  }
  if (config.item_updates == "rows" && !model.reads_item_rows()) {
    throw UsageError("item_updates: expected all or auto with model ",
                     model.config().model,
                     ", which computes its items from the whole table, got 'rows'");
  }
  settings.by_rows = config.item_updates != "all" && model.reads_item_rows();
  settings.num_drawn = config.negatives;
  if (config.loss == "sampled-softmax") {
    // With uniform draws all expected counts are equal, and a constant does not change a softmax.
    settings.corrected = config.negative_sampling != "uniform";
  } else {
    const auto negatives = static_cast<double>(config.negatives);
    settings.num_drawn = std::max(config.negatives, kLeastDrawn);
    settings.prior = std::log(negatives);
    settings.loss.kind = SampledLoss::Kind::kBinary;
    settings.loss.negative_weight = negatives / static_cast<double>(settings.num_drawn);
    settings.loss.target_power = config.loss == "gbce" ? gbce_power(config, model) : 1.0;
  }
  return settings;
}

}  // namespace elastic::train

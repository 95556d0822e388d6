#include "train/sampling.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace elastic::train {
namespace {

constexpr std::int64_t kLeastDrawn = 256;  ///< of the binary losses

// beta = alpha t - t + 1, alpha the share of the items that are drawn.
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

Sampling sampling_for(const TrainConfig& config, const Model& model) {
  Sampling sampling;
  if (config.loss == "softmax") {
    return sampling;
  }
  if (config.item_updates == "rows" && !model.reads_item_rows()) {
    throw UsageError("item_updates: expected all or auto with model ",
                     model.config().model,
                     ", which makes its items from the whole table, got 'rows'");
  }
  sampling.by_rows = config.item_updates != "all" && model.reads_item_rows();
  sampling.num_drawn = config.negatives;
  if (config.loss == "sampled-softmax") {
    // Drawn uniformly, all items have one count, which no softmax sees.
    sampling.corrected = config.negative_sampling != "uniform";
  } else {
    const auto negatives = static_cast<double>(config.negatives);
    sampling.num_drawn = std::max(config.negatives, kLeastDrawn);
    sampling.prior = std::log(negatives);
    sampling.loss.kind = SampledLoss::Kind::kBinary;
    sampling.loss.negative_weight = negatives / static_cast<double>(sampling.num_drawn);
    sampling.loss.target_power = config.loss == "gbce" ? gbce_power(config, model) : 1.0;
  }
  return sampling;
}

}  // namespace elastic::train

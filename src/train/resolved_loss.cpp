#include "train/resolved_loss.h"

#include <algorithm>

#include "train/train_seen.h"

namespace elastic::train {
namespace {

constexpr std::int64_t kSoftmaxNegatives = 4096;
constexpr std::int64_t kBinaryNegatives = 256;

}  // namespace

LossOptions resolved_kind(LossOptions options, std::int64_t num_items) {
  if (options.kind == LossKind::kAuto) {
    options.kind = options.teacher.empty() && num_items > kMaxSoftmaxItems
                       ? LossKind::kSampledSoftmax
                       : LossKind::kSoftmax;
  }
  if (options.negatives == 0 && options.kind != LossKind::kSoftmax) {
    const bool binary = options.kind != LossKind::kSampledSoftmax;
    options.negatives = std::max<std::int64_t>(
        1, std::min(binary ? kBinaryNegatives : kSoftmaxNegatives, num_items - 1));
  }
  return options;
}

TrainConfig resolved(TrainConfig config, bool filter_seen, const data::Split& split) {
  check(config);
  config.loss = resolved_kind(config.loss, split.num_items());
  config.loss.train_seen = resolve(config.loss.train_seen, filter_seen, split);
  check(config);
  return config;
}

}  // namespace elastic::train

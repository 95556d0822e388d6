// The options of the loss with their choice `auto` replaced by the one for the data.
#pragma once

#include "data/split.h"
#include "train/train_config.h"

namespace elastic::train {

/// `options` for a catalogue of `num_items`: kAuto becomes kSoftmax with a teacher or with at most
/// kMaxSoftmaxItems items, otherwise kSampledSoftmax; 0 negatives become 4,096 with sampled-softmax
/// and 256 with bce and gbce, at most num_items - 1.
LossOptions resolved_kind(LossOptions options, std::int64_t num_items);

/// `config` with the loss, its negatives and train_seen resolved; `filter_seen` as for `resolve` of
/// train_seen. Throws UsageError if the config is invalid, before or after.
TrainConfig resolved(TrainConfig config, bool filter_seen, const data::Split& split);

}  // namespace elastic::train

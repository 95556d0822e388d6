// The choice `auto` of the option train_seen.
#pragma once

#include <cstdint>

#include "data/split.h"
#include "train/train_choices.h"

namespace elastic::train {

/// The training events with an item that the user had before.
std::int64_t num_repeats(const data::Split& split);

/// `choice`, with kAuto resolved: kExclude if rankings leave seen items out (`filter_seen`) and no
/// user repeats an item in training, so that the loss compares a target with the items that a
/// ranking holds; otherwise kKeep.
TrainSeen resolve(TrainSeen choice, bool filter_seen, const data::Split& split);

}  // namespace elastic::train

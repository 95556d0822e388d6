// Batches to profile with: synthetic histories, or real ones drawn at random.
#pragma once

#include "profile/workload.h"
#include "train/train_batch.h"

namespace elastic::profile {

/// A batch of `workload.batch` histories on `workload.device`, with a random target for each
/// supervised token. A function of the workload and its seed.
train::TrainBatch make_inputs(const Workload& workload, train::Supervision supervision);

}  // namespace elastic::profile

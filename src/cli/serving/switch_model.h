// The switch from the model that answers to the one that is now in the run.
#pragma once

#include "cli/serving/batcher.h"
#include "cli/serving/model_slot.h"
#include "cli/serving/served_model.h"

namespace elastic::cli {

/// Loads the model on this thread while the present one answers, has it answer a question, and
/// switches between two batches. Throws as ServedModel and EventStates, and NotANumberError; the
/// present model then stays.
void switch_model(const ModelSource& source, ModelSlot& models, Batcher& batcher);

}  // namespace elastic::cli

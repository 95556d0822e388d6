// The times that a model with time features needs of its data.
#pragma once

#include "data/dataset.h"
#include "model/model_config.h"

namespace elastic::eval {

/// Throws UsageError if the model reads times and the data has none.
void require_times(const ModelConfig& config, const data::Dataset& dataset);

}  // namespace elastic::eval

// The options of a model as flags: its name, and flags that the model does not read.
#pragma once

#include <string>
#include <vector>

#include "cli/option_table.h"
#include "model/model_config.h"

namespace elastic::cli {

/// The names of all models, for shells to offer.
Choices model_choices();
/// Declares every option under "Model".
void declare_model(OptionTable& table, ModelConfig& config);

/// A note for each flag that none of `models` has. Throws UsageError for an unknown model. Config
/// files and variables may serve several models: nothing is said of them.
std::vector<std::string> notes_on_unused_flags(const OptionTable& table,
                                               const std::vector<std::string>& models);

}  // namespace elastic::cli

// The options of a model as flags: its name, and flags without effect on it.
#pragma once

#include <string>
#include <vector>

#include "cli/options/option_table.h"
#include "model/model_config.h"

namespace elastic::cli {

/// The names of all models, for shells to offer.
Choices model_choices();
/// The group of these options.
inline constexpr const char* kModelGroup = "Model";
/// Declares every option under "Model".
void declare_model(OptionTable& table, ModelConfig& config);

/// A note for each flag that is an option of other models but of none of `models`. Config files and
/// variables are not checked: they may serve several models. Throws UsageError for an unknown
/// model.
std::vector<std::string> notes_on_unused_flags(const OptionTable& table,
                                               const std::vector<std::string>& models);

}  // namespace elastic::cli

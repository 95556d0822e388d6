// Flags without effect, because the model has no such option.
#pragma once

#include <string>
#include <vector>

#include "cli/options/option_table.h"

namespace elastic::cli {

/// A note for each flag that is an option of other models but of none of `models`. Config files and
/// variables are not checked: they may serve several models. Throws UsageError for an unknown
/// model.
std::vector<std::string> notes_on_unused_flags(const OptionTable& table,
                                               const std::vector<std::string>& models);

}  // namespace elastic::cli

// Flags that nothing comes of, because the model has no such option.
#pragma once

#include <string>
#include <vector>

#include "cli/options/option_table.h"

namespace elastic::cli {

/// A note for each flag that none of `models` has. Throws UsageError for an unknown model. Config
/// files and variables may serve several models: nothing is said of them.
std::vector<std::string> notes_on_unused_flags(const OptionTable& table,
                                               const std::vector<std::string>& models);

}  // namespace elastic::cli

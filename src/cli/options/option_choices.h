// The texts that options take, for error messages and for shells to complete.
#pragma once

#include <string>

#include "cli/options/option_table.h"

namespace elastic::cli {

/// Gives the options of a command their choices, where there is a list of them.
void declare_choices(const std::string& command, OptionTable& table);

}  // namespace elastic::cli

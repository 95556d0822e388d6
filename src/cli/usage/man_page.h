// The manual page elastic(1), generated from the option tables.
#pragma once

#include <string>
#include <vector>

#include "cli/usage/command_list.h"

namespace elastic::cli {

/// The page in roff with the man macros.
std::string man_page(const std::vector<ListedCommand>& commands);

}  // namespace elastic::cli

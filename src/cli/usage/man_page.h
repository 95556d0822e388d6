// The manual page elastic(1), made of the option tables.
#pragma once

#include <string>
#include <vector>

#include "cli/usage/command_list.h"

namespace elastic::cli {

/// In the man macros of roff.
std::string man_page(const std::vector<ListedCommand>& commands);

}  // namespace elastic::cli

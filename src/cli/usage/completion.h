// Shell scripts that complete commands, flags, values and files.
#pragma once

#include <string>
#include <vector>

#include "cli/usage/command_list.h"

namespace elastic::cli {

std::string bash_completion(const std::vector<ListedCommand>& commands);
std::string zsh_completion(const std::vector<ListedCommand>& commands);
std::string fish_completion(const std::vector<ListedCommand>& commands);

}  // namespace elastic::cli

// All commands that users see, with their options: what completions and the man page are made of.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"

namespace elastic::cli {

struct ListedCommand {
  std::unique_ptr<Command> command;
  OptionTable table;

  /// The first line of the description.
  [[nodiscard]] std::string summary() const;
};

/// Without the hidden ones. The options hold their defaults.
std::vector<ListedCommand> listed_commands();

/// What a shell offers for an option's value or an argument.
enum class Completion { kNothing, kTexts, kFiles, kFolders };
Completion completion_of(const Option& option);
/// --flag, its letter, and --no-flag where there is one.
std::vector<std::string> flags_of(const Option& option);

}  // namespace elastic::cli

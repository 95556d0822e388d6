// All commands that users see, with their options: what completions and the man page are made of.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/usage/command.h"

namespace elastic::cli {

/// Of the whole tool: a sentence, and what a user should know.
inline constexpr const char* kToolDescription =
    "elastic: sequential recommendation with interest experts in linear time\n"
    "\n"
    "  elastic train --data ratings.csv --out runs/first\n"
    "  elastic eval runs/first\n"
    "  echo 42 | elastic predict runs/first\n"
    "\n"
    "Results go to standard output, everything else to standard error. Exit codes: 0 ok, 1 "
    "failure,\n"
    "2 usage or config, 3 bad input data, 4 out of memory, 5 not a number, 6 run unusable,\n"
    "7 no such device, 8 a result below --fail-below, 130 or 143 stopped by a signal with the "
    "state saved.";

/// Of every subcommand whose options have more than one place to be set.
inline constexpr const char* kPrintConfigFlag = "--print-config";
inline constexpr const char* kPrintConfigHelp = "print every option with what set it, and stop";

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

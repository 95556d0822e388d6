// All listed commands with their options, from which completions and the man page are made.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/usage/command.h"

namespace elastic::cli {

/// The help of the whole tool: one sentence, examples, exit codes.
inline constexpr const char* kToolDescription =
    R"(elastic: sequential recommendation with interest experts in linear time

  elastic train --data ratings.csv --out runs/first
  elastic eval runs/first
  echo 42 | elastic predict runs/first

Results go to standard output, everything else to standard error. Exit codes: 0 ok, 1 failure,
2 usage or config, 3 bad input data, 4 out of memory, 5 not a number, 6 run unusable,
7 no such device, 8 a result below --fail-below, 130 or 143 stopped by a signal, state saved.)";

/// A flag of every subcommand whose options may also be set by variables.
inline constexpr const char* kPrintConfigFlag = "--print-config";
inline constexpr const char* kPrintConfigHelp = "print every option with its source, and stop";

struct ListedCommand {
  std::unique_ptr<Command> command;
  OptionTable table;

  /// The first line of the description.
  [[nodiscard]] std::string summary() const;
};

/// All commands but hidden ones. The options hold their defaults.
std::vector<ListedCommand> listed_commands();

/// The values that a shell offers for an option or an argument.
enum class Completion { kNothing, kTexts, kFiles, kFolders };
Completion completion_of(const Option& option);
/// --flag, and its letter and --no-flag if there are any.
std::vector<std::string> flags_of(const Option& option);

}  // namespace elastic::cli

// The flags of all subcommands, read with CLI11 as plain text; the option tables give them types.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"

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

/// A subcommand with its table and what CLI11 knows of it.
struct BoundCommand {
  std::unique_ptr<Command> command;
  OptionTable table;
  CLI::App* app = nullptr;
  std::vector<CLI::Option*> options;  ///< one for each of the table
  CLI::Option* print_config = nullptr;
};

class ArgumentParser {
 public:
  ArgumentParser();

  /// The chosen subcommand with all its layers applied, or null when the call was answered by
  /// printing help or version. Throws UsageError.
  BoundCommand* parse(int argc, const char* const* argv, const char* const* environment);

 private:
  void bind(BoundCommand& bound);
  void refuse_leftovers(const CLI::App& app) const;
  void apply_layers(BoundCommand& bound, const char* const* environment);
  void apply_flags(BoundCommand& bound, bool flag_only);

  CLI::App app_;
  std::vector<BoundCommand> commands_;
};

}  // namespace elastic::cli

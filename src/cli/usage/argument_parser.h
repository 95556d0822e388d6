// The parser of the command line: CLI11 reads flags as plain text, the option tables give types.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/usage/command.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace elastic::cli {

/// A subcommand with its option table and its CLI11 objects.
struct BoundCommand {
  std::unique_ptr<Command> command;
  OptionTable table;
  CLI::App* app = nullptr;
  std::vector<CLI::Option*> options;  ///< one per option of the table, in its order
  CLI::Option* print_config = nullptr;
};

/// Thrown for a command line without a command; holds the help to print.
struct NoCommand {
  std::string help;
};

class ArgumentParser {
 public:
  ArgumentParser();
  ~ArgumentParser();

  /// Returns the chosen subcommand with its options set from all layers; null after printing help,
  /// version or config. Throws UsageError and NoCommand.
  BoundCommand* parse(int argc, const char* const* argv, const char* const* environment);

 private:
  void bind(BoundCommand& bound);
  void refuse_leftovers(const CLI::App& app) const;
  void apply_layers(BoundCommand& bound, const char* const* environment);
  void apply_flags(BoundCommand& bound, bool flag_only);

  std::unique_ptr<CLI::App> app_;
  std::vector<BoundCommand> commands_;
};

}  // namespace elastic::cli

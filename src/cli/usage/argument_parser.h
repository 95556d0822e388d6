// The flags of all subcommands, read with CLI11 as plain text; the option tables give them types.
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
  ~ArgumentParser();

  /// The chosen subcommand with all its layers applied, or null when the call was answered by
  /// printing help or version. Throws UsageError.
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

// The interface of a subcommand of `elastic`: its options, and how it runs with them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/options/config_file.h"
#include "cli/options/option_table.h"

namespace elastic::cli {

class Command {
 public:
  virtual ~Command() = default;

  [[nodiscard]] virtual std::string name() const = 0;
  /// Left out of the list of commands: called by shells and packages, not by users.
  [[nodiscard]] virtual bool hidden() const { return false; }
  /// The first line is for the list of commands; the lines after it, with examples, for its help.
  [[nodiscard]] virtual std::string description() const = 0;
  /// Declares the options, whose values live in this object. Called once.
  virtual void declare(OptionTable& table) = 0;
  /// The config file to apply. Called once the options of Scope::kFlagOnly are set.
  virtual std::optional<ConfigLayer> config_layer() { return std::nullopt; }
  /// Whether the processes of mpirun or srun work together. Otherwise the first one works, and the
  /// others end at once.
  [[nodiscard]] virtual bool runs_on_all_ranks() const { return false; }
  /// Runs with all options set. Returns the exit code; throws an Error on failure.
  virtual int run(const OptionTable& table) = 0;
};

std::unique_ptr<Command> make_train_command();
std::unique_ptr<Command> make_sweep_command();
std::unique_ptr<Command> make_eval_command();
std::unique_ptr<Command> make_compare_command();
std::unique_ptr<Command> make_predict_command();
std::unique_ptr<Command> make_serve_command();
std::unique_ptr<Command> make_profile_command();
std::unique_ptr<Command> make_data_command();
std::unique_ptr<Command> make_models_command();
std::unique_ptr<Command> make_report_command();
std::unique_ptr<Command> make_completion_command();
std::unique_ptr<Command> make_man_command();
std::vector<std::unique_ptr<Command>> make_all_commands();

}  // namespace elastic::cli

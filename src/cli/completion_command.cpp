#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/completion.h"
#include "cli/output.h"

namespace elastic::cli {
namespace {

constexpr const char* kCompletionDescription =
    "print the script by which a shell completes this tool's commands and options\n"
    "\n"
    "  source <(elastic completion bash)\n"
    "  elastic completion zsh > ~/.zfunc/_elastic       # a folder of $fpath\n"
    "  elastic completion fish > ~/.config/fish/completions/elastic.fish";

class CompletionCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "completion"; }
  [[nodiscard]] bool hidden() const override { return true; }
  [[nodiscard]] std::string description() const override { return kCompletionDescription; }
  void declare(OptionTable& table) override;
  int run(const OptionTable& table) override;

 private:
  std::string shell_;
};

void CompletionCommand::declare(OptionTable& table) {
  Option& shell = table.add("shell", &shell_, "bash, zsh or fish");
  shell.scope = Scope::kPositional;
  shell.value_name = "SHELL";
  shell.required = true;
}

int CompletionCommand::run(const OptionTable&) {
  const auto commands = listed_commands();
  Output output;
  output.write(shell_ == "bash"  ? bash_completion(commands)
               : shell_ == "zsh" ? zsh_completion(commands)
                                 : fish_completion(commands));
  output.flush();
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_completion_command() {
  return std::make_unique<CompletionCommand>();
}

}  // namespace elastic::cli

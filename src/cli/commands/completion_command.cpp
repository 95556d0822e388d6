#include <memory>
#include <string>

#include "cli/output/output.h"
#include "cli/usage/command.h"
#include "cli/usage/completion.h"

namespace elastic::cli {
namespace {

constexpr const char* kCompletionDescription =
    R"(print the script by which a shell completes this tool's commands and options

  source <(elastic completion bash)
  elastic completion zsh > ~/.zfunc/_elastic       # a folder of $fpath
  elastic completion fish > ~/.config/fish/completions/elastic.fish)";

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
  table.add("shell", &shell_, "bash, zsh or fish").positional("SHELL").required = true;
}

int CompletionCommand::run(const OptionTable&) {
  const auto commands = listed_commands();
  print(shell_ == "bash"  ? bash_completion(commands)
        : shell_ == "zsh" ? zsh_completion(commands)
                          : fish_completion(commands));
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_completion_command() {
  return std::make_unique<CompletionCommand>();
}

}  // namespace elastic::cli

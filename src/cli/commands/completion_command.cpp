#include <memory>
#include <string>

#include "base/choice.h"
#include "cli/output/output.h"
#include "cli/usage/command.h"
#include "cli/usage/completion.h"

namespace elastic::cli {
namespace {

enum class Shell { kBash, kZsh, kFish };
constexpr auto choices_of(Shell) {
  using enum Shell;
  return std::to_array<Choice<Shell>>({{kBash, "bash"}, {kZsh, "zsh"}, {kFish, "fish"}});
}

std::string script_for(Shell shell, const std::vector<ListedCommand>& commands) {
  switch (shell) {
    case Shell::kZsh:
      return zsh_completion(commands);
    case Shell::kFish:
      return fish_completion(commands);
    case Shell::kBash:
      break;
  }
  return bash_completion(commands);
}

constexpr const char* kCompletionDescription =
    R"(print the shell script that completes this tool's commands and options

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
  Shell shell_ = Shell::kBash;
};

void CompletionCommand::declare(OptionTable& table) {
  table.add("shell", &shell_, "").positional("SHELL").required = true;
}

int CompletionCommand::run(const OptionTable&) {
  print(script_for(shell_, listed_commands()));
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_completion_command() {
  return std::make_unique<CompletionCommand>();
}

}  // namespace elastic::cli

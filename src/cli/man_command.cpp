#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/man_page.h"
#include "cli/output.h"

namespace elastic::cli {
namespace {

constexpr const char* kManDescription =
    "print the manual page\n"
    "\n"
    "  elastic man | man -l -";

class ManCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "man"; }
  [[nodiscard]] bool hidden() const override { return true; }
  [[nodiscard]] std::string description() const override { return kManDescription; }
  void declare(OptionTable&) override {}
  int run(const OptionTable&) override {
    Output output;
    output.write(man_page(listed_commands()));
    output.flush();
    return 0;
  }
};

}  // namespace

std::unique_ptr<Command> make_man_command() {
  return std::make_unique<ManCommand>();
}

}  // namespace elastic::cli

#include <memory>
#include <string>

#include "cli/output/output.h"
#include "cli/usage/command.h"
#include "cli/usage/man_page.h"

namespace elastic::cli {
namespace {

constexpr const char* kManDescription = R"(print the manual page

  elastic man | man -l -)";

class ManCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "man"; }
  [[nodiscard]] bool hidden() const override { return true; }
  [[nodiscard]] std::string description() const override { return kManDescription; }
  void declare(OptionTable&) override {}
  int run(const OptionTable&) override {
    print(man_page(listed_commands()));
    return 0;
  }
};

}  // namespace

std::unique_ptr<Command> make_man_command() {
  return std::make_unique<ManCommand>();
}

}  // namespace elastic::cli

#include <memory>
#include <string>

#include "base/atomic_file.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/run_report.h"

namespace elastic::cli {
namespace {

constexpr const char* kReportDescription =
    "write a page with the curves, the result and the options of a run\n"
    "\n"
    "  elastic report runs/first\n"
    "  elastic report runs/first --out first.html\n"
    "\n"
    "The page needs nothing else, so it can be sent to somebody. It can be made at any time, also\n"
    "while the run is still training; `elastic train --report` makes it at the end.";

class ReportCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "report"; }
  [[nodiscard]] std::string description() const override { return kReportDescription; }
  void declare(OptionTable& table) override;
  int run(const OptionTable& table) override;

 private:
  std::string run_;
  std::string out_;
};

void ReportCommand::declare(OptionTable& table) {
  Option& run = table.add("run", &run_, "the run directory that `elastic train` made");
  run.scope = Scope::kPositional;
  run.value_name = "RUN";
  run.required = true;
  table.begin_group("Output");
  Option& out = table.add(
      "out", &out_, "where to write the page; - is standard output; empty: RUN/report.html");
  out.scope = Scope::kFlagOnly;
  out.value_name = "FILE";
}

int ReportCommand::run(const OptionTable&) {
  if (out_ == "-") {
    Output output;
    output.write(run_report(run_));
    output.flush();
  } else if (out_.empty()) {
    write_run_report(run_);
  } else {
    write_file_atomically(out_, run_report(run_));
  }
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_report_command() {
  return std::make_unique<ReportCommand>();
}

}  // namespace elastic::cli

#include <memory>
#include <string>

#include "base/atomic_file.h"
#include "cli/output/output.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_report.h"
#include "cli/usage/command.h"

namespace elastic::cli {
namespace {

constexpr const char* kReportDescription =
    R"(write a page with the curves, the result and the options of a run

  elastic report runs/first
  elastic report runs/first --out first.html

The page is a single self-contained file. It can be written at any time, also during training;
`elastic train --report` writes it at the end.)";

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
  declare_run(table, run_);
  table.begin_group("Output");
  table.add("out", &out_, "file for the page; - is standard output; empty: RUN/report.html")
      .flag_only("FILE");
}

int ReportCommand::run(const OptionTable&) {
  if (out_ == "-") {
    print(run_report(run_));
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

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/choice.h"
#include "base/error.h"
#include "base/split_list.h"
#include "cli/comparing/comparison.h"
#include "cli/comparing/ranked_runs.h"
#include "cli/comparing/run_finder.h"
#include "cli/comparing/run_groups.h"
#include "cli/options/output_format.h"
#include "cli/options/session_options.h"
#include "cli/output/output.h"
#include "cli/output/progress_line.h"
#include "cli/runs/evaluation.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_rules.h"
#include "cli/usage/command.h"
#include "data/json_document.h"

namespace elastic::cli {
namespace {

constexpr const char* kCompareDescription =
    R"(compare models over several seeds, with intervals and corrected tests

  elastic compare runs/*
  elastic compare runs --group-by model --baseline softmax
  elastic compare runs/a1 runs/a2 runs/b1 runs/b2 --metrics NDCG@10,HR@20 -o latex > table.tex
  elastic compare runs --report comparison.html

Ranks the same users with every run. Runs that differ in the seed only form a group, named by the
options in which the groups differ; a folder is replaced by its runs. Reports each group's mean
and standard deviation over seeds, and its difference to the baseline with a 95 % interval that
covers other users and other seeds, if both have several seeds. p-values are adjusted for the number
of groups and metrics by Holm's method. Runs on other data or another split are refused.

Unfinished runs are left out with a note. Without their own flags, --filter-seen and --repeats are
those of the first run.)";

enum class CompareFormat { kTable, kCsv, kJson, kMarkdown, kLatex };
constexpr auto choices_of(CompareFormat) {
  using enum CompareFormat;
  return std::to_array<Choice<CompareFormat>>(
      {{kTable, "table"}, {kCsv, "csv"}, {kJson, "json"}, {kMarkdown, "md"}, {kLatex, "latex"}});
}

class CompareCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "compare"; }
  [[nodiscard]] std::string description() const override { return kCompareDescription; }
  void declare(OptionTable& table) override;
  std::optional<ConfigLayer> config_layer() override {
    const std::string run = first_run(runs_);
    return run.empty() ? std::nullopt : run_rules_layer(run, {"filter_seen", "repeats"});
  }
  int run(const OptionTable& table) override;

 private:
  [[nodiscard]] std::vector<eval::UserMetric> metrics() const;
  [[nodiscard]] std::string formatted(const Comparison& comparison) const;

  std::vector<std::string> runs_;
  std::string group_by_;
  std::string baseline_;
  data::Subset split_ = data::Subset::kTest;
  eval::RankingRules rules_;
  std::string metrics_ = "NDCG@10,HR@10,MRR@10";
  DataPlace place_;
  std::string report_;
  OutputFormat<CompareFormat> format_;
  SessionOptions session_;
};

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const eval::UserMetric& metric : eval::user_metrics()) {
    names.push_back(metric.name);
  }
  return names;
}

void CompareCommand::declare(OptionTable& table) {
  table.add("run", &runs_, "run directories that `elastic train` made, or folders of them")
      .positional("RUN")
      .required = true;
  table.begin_group("Comparison");
  table
      .add("group_by",
           &group_by_,
           "options that form the groups, separated by commas, such as model; empty: all but seed")
      .flag_only("OPTIONS");
  table
      .add("baseline",
           &baseline_,
           "the group that others are compared with; empty: that of the first run")
      .flag_only("GROUP");
  table.add("metrics", &metrics_, "metrics to compare, which the adjustment counts")
      .flag_only("METRICS")
      .choices = {metric_names(), /*list=*/true};
  // Flag only: for training, the variable ELASTIC_SPLIT holds a split rule.
  table.add("split", &split_, "").flag_only();
  table.add_all(rules_);
  take_from_run(table.find("filter_seen"));
  take_from_run(table.find("repeats"));
  declare_place(table, place_);
  declare_output(table, format_);
  table.add("report", &report_, "write a page with curves, intervals and tables to this file")
      .flag_only("FILE");
  declare_session(table, session_);
}

std::vector<eval::UserMetric> CompareCommand::metrics() const {
  std::vector<eval::UserMetric> chosen;
  for (const std::string& name : split_list(metrics_)) {
    const std::optional<eval::UserMetric> metric = eval::find_user_metric(name);
    if (!metric) {
      throw UsageError("--metrics: ", eval::expected_metrics(name));
    }
    const bool repeated = std::any_of(
        chosen.begin(), chosen.end(), [&](const auto& other) { return other.name == name; });
    if (repeated) {
      throw UsageError("--metrics: ", name, " is named twice");
    }
    chosen.push_back(*metric);
  }
  return chosen;
}

std::string CompareCommand::formatted(const Comparison& comparison) const {
  switch (format_.chosen()) {
    case CompareFormat::kTable:
      return to_table(comparison);
    case CompareFormat::kCsv:
      return to_csv(comparison);
    case CompareFormat::kJson:
      return data::json_text(to_json(comparison), 2) + "\n";
    case CompareFormat::kMarkdown:
      return to_markdown(comparison);
    case CompareFormat::kLatex:
      return to_latex(comparison);
  }
  return "";
}

int CompareCommand::run(const OptionTable&) {
  ProgressLine line(session_.quiet);
  const Notes notes = [&](const std::string& text) { line.message(text); };
  const std::vector<eval::UserMetric> chosen = metrics();
  std::vector<ComparedRun> runs;
  for (const std::string& run : find_runs(runs_, notes)) {
    runs.push_back(read_compared_run(run));
  }
  Comparison comparison;
  comparison.groups = group_runs(runs, group_by_, notes);
  const std::size_t baseline = find_group(comparison.groups, baseline_);
  const Device device = start_session(session_);
  const RunData data = read_data_again(runs.front().path, place_, notes);
  check_runs(comparison.groups, data, split_);
  std::optional<AtomicFile> page;
  if (!report_.empty()) {
    page.emplace(report_);  // fails before the work, not after it
  }
  const EvaluationTask task{&data.split, split_, rules_};
  const RankedRuns ranked = rank_runs(comparison.groups, task, device, line);
  comparison.values = eval::compare_groups(ranked.groups, baseline, chosen, ranked.parts);
  comparison.subset = split_;
  comparison.split = data.split.description();
  comparison.split_hash = data.split.hash();
  comparison.users = ranked.users;
  comparison.items = data.split.num_items();
  comparison.rules = rules_;
  comparison.trained_on = ranked.trained_on_validation ? kTrainedOnValidation : "";
  if (page) {
    page->write(to_page(comparison));
    page->commit();
  }
  print(formatted(comparison));
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_compare_command() {
  return std::make_unique<CompareCommand>();
}

}  // namespace elastic::cli

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/command.h"
#include "cli/evaluation.h"
#include "cli/gate.h"
#include "cli/output_format.h"
#include "cli/progress_line.h"
#include "cli/ranks_file.h"
#include "cli/run_files.h"
#include "cli/session_options.h"
#include "profile/lengths.h"
#include "train/run_directory.h"

namespace elastic::cli {
namespace {

constexpr const char* kEvalDescription =
    "evaluate a trained run\n"
    "\n"
    "  elastic eval runs/first\n"
    "  elastic eval runs/first --against runs/second\n"
    "  elastic eval runs/first --min-history 500\n"
    "  elastic eval runs/first --split valid --json | jq '.metrics[\"NDCG@10\"]'\n"
    "  elastic eval runs/first --fail-below NDCG@10=0.1 --ranks ranks.tsv\n"
    "\n"
    "Ranks each user's held-out item among all items: HR, NDCG, MRR and Recall at 1, 5, 10, 20 "
    "and\n"
    "50 with 95 % bootstrap intervals, by history length and by the item's popularity, and the\n"
    "popularity baseline beside them; how much of the catalogue the top 10 lists show.\n"
    "The data is read from where the run was trained on it, and checked to be the same.";

class EvalCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "eval"; }
  [[nodiscard]] std::string description() const override { return kEvalDescription; }
  void declare(OptionTable& table) override;
  int run(const OptionTable& table) override;

 private:
  std::string run_;
  std::string split_ = "test";
  DataPlace place_;
  std::string against_;
  std::int64_t min_history_ = 0;
  std::string sampled_;
  std::uint64_t sampling_seed_ = 0;
  std::string ranks_;
  std::string fail_below_;
  bool filter_seen_ = true;
  OutputFormat format_;
  SessionOptions session_;
};

void EvalCommand::declare(OptionTable& table) {
  Option& run = table.add("run", &run_, "the run directory that `elastic train` made");
  run.scope = Scope::kPositional;
  run.value_name = "RUN";
  run.required = true;
  table.begin_group("Evaluation");
  // A variable for training names a rule of splitting.
  table.add("split", &split_, "test, or valid").scope = Scope::kFlagOnly;
  table.add("filter_seen", &filter_seen_, "leave a user's earlier items out of the ranking").scope =
      Scope::kSession;
  table
      .add("min_history",
           &min_history_,
           "only users with as many events before the held-out one; 0: all")
      .scope = Scope::kSession;
  Option& sampled = table.add("sampled",
                              &sampled_,
                              "also rank among sampled negatives: uni:100, pop:100 (by "
                              "popularity), or both, separated by commas");
  sampled.scope = Scope::kFlagOnly;
  sampled.value_name = "RULES";
  sampled.joins = true;
  table
      .add("sampling_seed",
           &sampling_seed_,
           "draws these negatives; not the run's, so that all runs meet the same ones")
      .scope = Scope::kFlagOnly;
  Option& ranks = table.add("ranks", &ranks_, "write each user's rank to a file, .tsv or .jsonl");
  ranks.scope = Scope::kFlagOnly;
  ranks.value_name = "FILE";
  Option& fail_below = table.add(
      "fail_below", &fail_below_, "exit with 8 where a metric is lower: NDCG@10=0.1,HR@10=0.2");
  fail_below.scope = Scope::kFlagOnly;
  fail_below.value_name = "GATES";
  fail_below.joins = true;
  declare_place(table, place_);
  Option& against =
      table.add("against",
                &against_,
                "other runs on the same data, separated by commas: adds the paired differences");
  against.scope = Scope::kFlagOnly;
  against.value_name = "RUNS";
  declare_output(table, format_, "table", "table or json");
  declare_session(table, session_);
}

int EvalCommand::run(const OptionTable& table) {
  const bool json = wants_json(format_);
  if (min_history_ < 0) {
    throw UsageError("--min-history: expected at least 0, got ", min_history_);
  }
  const data::Subset subset = parse_subset(split_);
  const std::vector<eval::SamplingRule> sampled = eval::parse_sampling(sampled_, "--sampled");
  if (sampled.empty() && table.find("sampling_seed").source != "default") {
    throw UsageError("--sampling-seed is for --sampled");
  }
  std::vector<std::string> rules;
  for (const eval::SamplingRule& rule : sampled) {
    rules.push_back(rule.name());
  }
  const std::vector<Gate> gates = parse_gates(fail_below_, eval::metric_names(rules));
  std::optional<RanksFile> ranks;
  if (!ranks_.empty()) {
    ranks.emplace(ranks_);  // now rather than after the work
  }
  const Device device = start_session(session_);
  train::SavedModel saved = train::load_saved_model(run_, device);
  ProgressLine line(session_.quiet);
  const RunData data =
      read_data_again(run_, place_, [&](const std::string& text) { line.message(text); });
  std::vector<NamedModel> against;
  if (!against_.empty()) {
    for (const std::string& other : profile::parse_list(against_)) {
      check_comparable(other, data);
      against.push_back({other, train::load_saved_model(other, device)});
    }
  }
  const EvaluationTask task{
      &data.split, subset, filter_seen_, min_history_, sampled, sampling_seed_};
  const Evaluation evaluation = evaluate_saved_model(saved, task, against);
  if (ranks) {
    ranks->write(data.split.dataset(), evaluation.ranking);
  }
  print_report(evaluation.report, json);
  check_gates(gates, evaluation.report);
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_eval_command() {
  return std::make_unique<EvalCommand>();
}

}  // namespace elastic::cli

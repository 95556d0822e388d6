#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/split_list.h"
#include "cli/options/output_format.h"
#include "cli/options/session_options.h"
#include "cli/output/progress_line.h"
#include "cli/runs/evaluation.h"
#include "cli/runs/gate.h"
#include "cli/runs/ranks_file.h"
#include "cli/runs/repeats_warning.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_list.h"
#include "cli/runs/run_model.h"
#include "cli/runs/run_rules.h"
#include "cli/runs/seen_items_warning.h"
#include "cli/usage/command.h"
#include "eval/repeats.h"
#include "train/run_directory.h"

namespace elastic::cli {
namespace {

constexpr const char* kEvalDescription = R"(evaluate a trained run

  elastic eval runs/first
  elastic eval runs/first --against runs/second
  elastic eval runs/seed1,runs/seed2,runs/seed3
  elastic eval runs/first --min-history 500
  elastic eval runs/first --repeats drop
  elastic eval runs/first --split valid --json | jq '.metrics["NDCG@10"]'
  elastic eval runs/first --fail-below NDCG@10=0.1 --ranks ranks.tsv

Ranks each user's held-out item among all items. Reports HR (the recall too, with one
relevant item), NDCG and MRR at 1, 5, 10, 20 and 50 of the model and of a popularity baseline, with
95 % bootstrap intervals, by history length and by item popularity, for new and for repeated items,
and the share of the catalogue in the top 10 lists. Reads the data that the run was trained on, and
checks that it has not changed.

A repeated item is a held-out one that the user had before. `predict` never shows it if it leaves
seen items out; --repeats miss and --repeats drop then evaluate the answers of `predict`. Without
their own flags, --filter-seen and --repeats are those of the training.

A model that was trained on the held-out events (train --refit all, --split none) is refused; the
protocol says so of one that was trained on the validation events (--refit validation).)";

class EvalCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "eval"; }
  [[nodiscard]] std::string description() const override { return kEvalDescription; }
  void declare(OptionTable& table) override;
  std::optional<ConfigLayer> config_layer() override {
    return run_rules_layer(runs_.first(), {"filter_seen", "repeats"});
  }
  int run(const OptionTable& table) override;

 private:
  void warn_of_repeats(const data::Split& split, ProgressLine& line) const;
  void warn_of_seen_items(const train::SavedModelInfo& model, ProgressLine& line) const;

  RunList runs_;
  data::Subset split_ = data::Subset::kTest;
  DataPlace place_;
  std::string against_;
  bool swap_experts_ = false;
  std::int64_t min_history_ = 0;
  std::string sampled_;
  std::uint64_t sampling_seed_ = 0;
  std::string ranks_;
  std::string fail_below_;
  eval::RankingRules rules_;
  OutputFormat<TableFormat> format_;
  SessionOptions session_;
};

void EvalCommand::declare(OptionTable& table) {
  runs_.declare(table);
  table.begin_group("Evaluation");
  // Flag only: for training, the variable ELASTIC_SPLIT holds a split rule.
  table.add("split", &split_, "").flag_only();
  table.add_all(rules_);
  take_from_run(table.find("filter_seen"));
  take_from_run(table.find("repeats"));
  table
      .add("min_history",
           &min_history_,
           "only users with at least this many events before the held-out one; 0: all")
      .within(counts_from(0))
      .session();
  table
      .add("sampled",
           &sampled_,
           "also rank among sampled negatives: uni:100, pop:100 (by popularity), or both, "
           "separated by commas")
      .flag_only("RULES")
      .joins = true;
  table
      .add("sampling_seed",
           &sampling_seed_,
           "seed of these negatives; equal seeds make runs comparable")
      .flag_only();
  table.add("ranks", &ranks_, "write each user's rank to a file, .tsv or .jsonl").flag_only("FILE");
  table
      .add("fail_below",
           &fail_below_,
           "exit with code 8 if a metric is lower: NDCG@10=0.1,HR@10=0.2")
      .flag_only("GATES")
      .joins = true;
  declare_place(table, place_);
  table
      .add("against",
           &against_,
           "other runs on the same data, separated by commas: report the paired differences")
      .flag_only("RUNS");
  table
      .add(
          "swap_experts",
          &swap_experts_,
          "also rank with the experts retrieved for another user, to see whether retrieval matters")
      .flag_only();
  declare_output(table, format_);
  declare_session(table, session_);
}

int EvalCommand::run(const OptionTable& table) {
  const bool json = wants_json(format_);
  const std::vector<eval::SamplingRule> sampled = eval::parse_sampling(sampled_, "--sampled");
  if (sampled.empty() && table.find("sampling_seed").is_set()) {
    throw UsageError("--sampling-seed is for --sampled");
  }
  std::vector<std::string> rules;
  for (const eval::SamplingRule& rule : sampled) {
    rules.push_back(rule.name());
  }
  const std::vector<Gate> gates = parse_gates(fail_below_, eval::metric_names(rules));
  std::optional<RanksFile> ranks;
  if (!ranks_.empty()) {
    ranks.emplace(ranks_);  // fails before the work, not after it
  }
  const Device device = start_session(session_);
  train::SavedModel saved = runs_.load(device);
  check_items_of_run(runs_.first(), saved.info);
  ProgressLine line(session_.quiet);
  const RunData data =
      read_data_again(runs_.first(), place_, [&](const std::string& text) { line.message(text); });
  check_held_out(runs_.first(), data.split, split_);
  const std::vector<std::string> runs = runs_.runs();
  for (const std::string& other : runs) {
    check_comparable("RUN", other, data);
  }
  std::vector<NamedModel> against;
  if (!against_.empty()) {
    for (const std::string& other : split_list(against_)) {
      check_comparable("--against", other, data);
      against.push_back({other, load_run_model(other, device)});
    }
  }
  const EvaluationTask task{
      &data.split, split_, rules_, min_history_, sampled, sampling_seed_, swap_experts_};
  warn_of_repeats(data.split, line);
  warn_of_seen_items(saved.info, line);
  Evaluation evaluation = evaluate_saved_model(saved, task, against);
  if (runs.size() > 1) {
    evaluation.report.protocol.mean_of = runs;
    saved.info.identity = {};
  }
  if (ranks) {
    ranks->write(data.split.dataset(), evaluation.ranking);
  }
  print_report(evaluation.report, saved.info.identity, json);
  check_gates(gates, evaluation.report);
  return 0;
}

void EvalCommand::warn_of_repeats(const data::Split& split, ProgressLine& line) const {
  const char* subset = split_ == data::Subset::kTest ? "test" : "validation";
  const std::string warning =
      repeats_warning({{subset, eval::count_targets(split, split_, min_history_)}},
                      rules_,
                      read_run_rules(runs_.first()).filter_seen);
  if (!warning.empty()) {
    line.message(warning);
  }
}

void EvalCommand::warn_of_seen_items(const train::SavedModelInfo& model, ProgressLine& line) const {
  const std::string warning = seen_items_warning(model.train_seen, rules_.filter_seen);
  if (!warning.empty()) {
    line.message(warning);
  }
}

}  // namespace

std::unique_ptr<Command> make_eval_command() {
  return std::make_unique<EvalCommand>();
}

}  // namespace elastic::cli

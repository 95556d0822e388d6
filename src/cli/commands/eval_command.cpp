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
#include "cli/runs/evaluation_log.h"
#include "cli/runs/gate.h"
#include "cli/runs/ranks.h"
#include "cli/runs/ranks_file.h"
#include "cli/runs/repeats_warning.h"
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
  elastic eval runs/first --data later.csv --other-log
  elastic eval runs/today --against runs/yesterday --other-log --fail-worse NDCG@10

Ranks each user's held-out item among all items. Reports HR (the recall too, with one
relevant item), NDCG and MRR at 1, 5, 10, 20 and 50 of the model and of a popularity baseline, with
95 % bootstrap intervals, by history length and by item popularity, for new and for repeated items,
and the share of the catalogue in the top 10 lists. Reads the data that the run was trained on, and
checks that it has not changed.

--other-log ranks another log by the run's own split rule, or compares with runs that were trained
on another. Held-out items that a model does not know are misses, unknown events of a history are
skipped, and both are counted.

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
    return run_rules_layer(runs_.first(), {"filter_seen", "repeats", "k"});
  }
  int run(const OptionTable& table) override;
  [[nodiscard]] bool runs_on_all_ranks() const override { return true; }

 private:
  void evaluate(const OptionTable& table);
  void declare_gates(OptionTable& table);
  void declare_log(OptionTable& table);
  void check_log_options(const std::vector<eval::SamplingRule>& sampled) const;
  void set_options(EvaluationTask& task) const;
  void warn_of_repeats(const data::Split& split, ProgressLine& line) const;
  void warn_of_seen_items(const train::SavedModelInfo& model, ProgressLine& line) const;

  RunList runs_;
  data::Subset split_ = data::Subset::kTest;
  DataPlace place_;
  bool other_log_ = false;
  std::string against_;
  bool swap_experts_ = false;
  std::int64_t min_history_ = 0;
  std::int64_t max_users_ = 0;
  std::string sampled_;
  std::uint64_t sampling_seed_ = 0;
  std::string ranks_;
  std::string fail_below_;
  std::string fail_worse_;
  eval::RankingRules rules_;
  std::string k_ = eval::Cutoffs().text();
  OutputFormat<TableFormat> format_;
  SessionOptions session_;
  Ranks processes_;
};

void EvalCommand::declare(OptionTable& table) {
  runs_.declare(table);
  table.begin_group("Evaluation");
  // Flag only: for training, the variable ELASTIC_SPLIT holds a split rule.
  table.add("split", &split_, "").flag_only();
  table.add_all(rules_);
  take_from_run(table.find("filter_seen"));
  take_from_run(table.find("repeats"));
  declare_cutoffs(table, k_);
  take_from_run(table.find("k"));
  table
      .add("min_history",
           &min_history_,
           "only users with at least this many events before the held-out one; 0: all")
      .within(counts_from(0))
      .session();
  table
      .add("eval_users",
           &max_users_,
           "only this many users, drawn by the run's seed; 0: all, also of a run that was trained "
           "with --eval-users")
      .within(counts_from(0))
      .flag_only();  // for training, the variable ELASTIC_EVAL_USERS concerns the validation
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
  declare_gates(table);
  declare_log(table);
  table
      .add(
          "swap_experts",
          &swap_experts_,
          "also rank with the experts retrieved for another user, to see whether retrieval matters")
      .flag_only();
  declare_output(table, format_);
  declare_session(table, session_);
  processes_.declare(table);
}

void EvalCommand::declare_gates(OptionTable& table) {
  table.add("ranks", &ranks_, "write each user's rank to a file, .tsv or .jsonl").flag_only("FILE");
  table
      .add("fail_below",
           &fail_below_,
           "exit with code 8 if a metric is lower: NDCG@10=0.1,HR@10=0.2")
      .flag_only("GATES")
      .joins = true;
  table
      .add("fail_worse",
           &fail_worse_,
           "exit with code 8 if a metric, such as NDCG@10,HR@10, is lower than that of a run of "
           "--against, the whole 95 % interval of the difference below 0")
      .flag_only("METRICS")
      .joins = true;
}

void EvalCommand::declare_log(OptionTable& table) {
  declare_place(table, place_);
  table
      .add("other_log",
           &other_log_,
           "also accept a log that a run was not trained on; items unknown to its model are misses "
           "if they are held out, else skipped")
      .flag_only();
  table
      .add("against",
           &against_,
           "other runs on the same data, or any with --other-log, separated by commas: report the "
           "paired differences")
      .flag_only("RUNS");
}

int EvalCommand::run(const OptionTable& table) {
  session_.quiet = session_.quiet || !processes_.is_first();
  evaluate(table);
  processes_.leave();
  return 0;
}

void EvalCommand::evaluate(const OptionTable& table) {
  const bool json = wants_json(format_);
  const std::vector<eval::SamplingRule> sampled = eval::parse_sampling(sampled_, "--sampled");
  if (sampled.empty() && table.find("sampling_seed").is_set()) {
    throw UsageError("--sampling-seed is for --sampled");
  }
  std::vector<std::string> rules;
  for (const eval::SamplingRule& rule : sampled) {
    rules.push_back(rule.name());
  }
  const eval::Cutoffs cutoffs = eval::Cutoffs::parse(k_, "--k");
  const Gates gates(fail_below_, fail_worse_, rules, cutoffs);
  check_log_options(sampled);
  processes_.check(session_.device);
  const Device device = start_session(session_);
  processes_.join(session_.threads);
  std::optional<RanksFile> ranks;
  if (!ranks_.empty() && processes_.is_first()) {
    ranks.emplace(ranks_);  // fails before the work, not after it
  }
  train::SavedModel saved = runs_.load(device);
  check_items_of_run(runs_.first(), saved.info);
  ProgressLine line(session_.quiet);
  if (processes_.group() != nullptr) {
    line.message(processes_.description());
  }
  const std::vector<std::string> runs = runs_.runs();
  EvaluationLog log(
      runs, place_, other_log_, split_, [&](const std::string& text) { line.message(text); });
  std::vector<NamedModel> against;
  if (!against_.empty()) {
    for (const std::string& other : split_list(against_)) {
      against.push_back(log.against(other, device));
    }
  }
  EvaluationTask task = log.task(saved);
  set_options(task);
  task.cutoffs = cutoffs;
  task.sampled = sampled;
  processes_.require_same(table, {{"hash of the data", log.split().hash()}});
  processes_.require_same(saved.info);
  for (const NamedModel& other : against) {
    processes_.require_same(other.saved.info);
  }
  warn_of_repeats(log.split(), line);
  warn_of_seen_items(saved.info, line);
  Evaluation evaluation = evaluate_saved_model(saved, task, against);
  if (!processes_.is_first()) {
    return;
  }
  if (runs.size() > 1) {
    evaluation.report.protocol.mean_of = runs;
    saved.info.identity = {};
  }
  if (ranks) {
    ranks->write(task.split->dataset(), evaluation.ranking);
  }
  print_report(evaluation.report, saved.info.identity, json);
  gates.check(evaluation.report);
}

void EvalCommand::set_options(EvaluationTask& task) const {
  task.rules = rules_;
  task.min_history = min_history_;
  task.max_users = max_users_;
  task.sampling_seed = sampling_seed_;
  task.swap_experts = swap_experts_;
  task.ranks = processes_.group();
}

// Refuses combinations of options that have no meaning.
void EvalCommand::check_log_options(const std::vector<eval::SamplingRule>& sampled) const {
  if (!fail_worse_.empty() && against_.empty()) {
    throw UsageError("--fail-worse: expected a run to compare with; add --against RUN");
  }
  if (!other_log_) {
    return;
  }
  if (place_.data.empty() && place_.valid_data.empty() && place_.test_data.empty() &&
      against_.empty()) {
    throw UsageError(
        "--other-log: expected the log, or a run that was trained on another; add "
        "--data FILE or --against RUN");
  }
  if (!sampled.empty()) {
    throw UsageError(
        "--sampled: negatives are drawn from the items of the training; leave out --other-log");
  }
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

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "cli/commands/train/resumed_options.h"
#include "cli/commands/train/train_options.h"
#include "cli/options/config_file.h"
#include "cli/options/model_flags.h"
#include "cli/options/option_conflicts.h"
#include "cli/options/output_format.h"
#include "cli/options/session_options.h"
#include "cli/output/output.h"
#include "cli/output/progress_line.h"
#include "cli/runs/run_data.h"
#include "cli/runs/stop_signals.h"
#include "cli/sweeping/candidates.h"
#include "cli/sweeping/duration.h"
#include "cli/sweeping/sweep_folder.h"
#include "cli/sweeping/sweep_plan.h"
#include "cli/sweeping/sweep_run.h"
#include "cli/sweeping/sweep_table.h"
#include "cli/sweeping/trial_runner.h"
#include "cli/usage/command.h"
#include "data/json_document.h"
#include "dist/launcher.h"
#include "tensor/threads.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

constexpr const char* kSweepDescription =
    R"(train with varied options and choose by the validation

  elastic sweep --data ratings.csv --out sweeps/first --set dim=64,128 --set dropout=0.1,0.3
  elastic sweep --data ratings.csv --out sweeps/seeds --set dim=64,128 --seeds 1,2,3 --budget 2h
  elastic sweep --data ratings.csv --out sweeps/rate --set learning_rate=log:1e-4:1e-2 --trials 9
  elastic train --config sweeps/first/best.json --out runs/best

Every combination is trained once for each seed, as a run in SWEEP/runs, without its test. The
configuration with the highest validation NDCG@10, mean of its seeds, is the best one; only its
runs are then evaluated on the test. Writes best.json, a config for `train`, report.html, and the
table as table.txt, .csv and .json.

--set OPTION=VALUES varies any option of the groups Model and Training: a list (64,128), a range
(64-256*2, 100-500+100) or a distribution (log:LOW:HIGH, uniform:LOW:HIGH, int:LOW:HIGH).

The same command continues a sweep that was stopped or killed, and tries failed trainings again. It
may have a larger --budget, more --trials or --seeds, or more values in the lists of a grid.)";

enum class SweepFormat { kTable, kJson, kCsv };
constexpr auto choices_of(SweepFormat) {
  using enum SweepFormat;
  return std::to_array<Choice<SweepFormat>>({{kTable, "table"}, {kJson, "json"}, {kCsv, "csv"}});
}

constexpr std::int64_t kDefaultTrials = 20;

class SweepCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "sweep"; }
  [[nodiscard]] std::string description() const override { return kSweepDescription; }
  void declare(OptionTable& table) override;
  std::optional<ConfigLayer> config_layer() override {
    return config_.empty() ? std::nullopt
                           : std::optional(ConfigLayer{read_config(config_), config_});
  }
  int run(const OptionTable& table) override;

 private:
  void check_options(const OptionTable& table) const;
  // Sets space_, plan_ but for the data, and the options that do not vary.
  TrialGrid make_grid(const OptionTable& table);
  std::vector<Candidate> find_candidates(Candidates& candidates);
  void note_unused_flags(const OptionTable& table, const TrialGrid& grid) const;
  [[nodiscard]] bool varies(const std::string& key) const;
  [[nodiscard]] ordered_json fixed_config(const OptionTable& table) const;
  [[nodiscard]] ordered_json compared_options(const OptionTable& table) const;
  [[nodiscard]] RunnerOptions runner_options(const OptionTable& table) const;
  void note(const std::string& text) const { ProgressLine(session_.quiet).message(text); }

  TrainOptions options_;
  SessionOptions session_;
  OutputFormat<SweepFormat> format_;
  std::string out_;
  std::vector<std::string> sets_;
  std::string seeds_;
  Search search_ = Search::kAuto;
  std::int64_t trials_ = kDefaultTrials;
  std::int64_t search_seed_ = 1;
  std::string budget_;
  std::int64_t jobs_ = 1;
  std::string config_;

  std::vector<Dimension> space_;
  SweepPlan plan_;
  ordered_json fixed_;  ///< options of all trainings that are set, for train --config
};

void SweepCommand::declare(OptionTable& table) {
  table.begin_group("Sweep");
  table.add("out", &out_, "folder of the sweep: new, or that of a sweep to continue")
      .flag_only("DIR");
  table.add("set", &sets_, "an option to vary and its values; may be repeated")
      .flag_only("OPTION=VALUES");
  table.add("seeds", &seeds_, "seeds of each configuration, such as 1,2,3; empty: that of --seed")
      .flag_only("LIST");
  table.add("search", &search_, "combinations to train").flag_only();
  table.add("trials", &trials_, "number of combinations of a random search")
      .within(Range{1, 10000})
      .flag_only();
  table.add("search_seed", &search_seed_, "seed of a random search").within(Range{}).flag_only();
  table
      .add("budget",
           &budget_,
           "start no training after this time, of all calls together: 90s, 45m, 2h; empty: no "
           "limit")
      .flag_only("TIME");
  table.add("jobs", &jobs_, "trainings at a time, which share the threads")
      .within(Range{1, 1024})
      .flag_only();
  table.add("config", &config_, "options of the trainings from a JSON file, comments allowed")
      .flag_only("FILE");
  options_.declare(table);
  declare_output(table, format_);
  declare_session(table, session_, /*with_threads=*/false);
}

void SweepCommand::check_options(const OptionTable& table) const {
  if (out_.empty()) {
    throw UsageError("--out: expected a folder for the sweep; add --out DIR");
  }
  if (options_.data.data.empty()) {
    throw UsageError("--data: expected a file of interactions; add --data FILE");
  }
  if (options_.refit != data::Refit::kNone) {
    throw UsageError(
        "--refit: a sweep chooses by the validation events; refit the best configuration: elastic "
        "train --config ",
        out_,
        "/best.json --refit all --out RUN");
  }
  if (options_.data.split.rule == data::SplitRule::kNone) {
    throw UsageError("--split none: a sweep chooses by held-out events");
  }
  if (std::find(options_.data.data.begin(), options_.data.data.end(), "-") !=
      options_.data.data.end()) {
    throw UsageError("--data -: every training reads the data again; expected a file");
  }
  if (!seeds_.empty()) {
    refuse_flags(table, "--seeds", {"seed"});
  }
}

std::vector<Candidate> SweepCommand::find_candidates(Candidates& candidates) {
  if (plan_.trials == 0) {
    return candidates.grid(space_);
  }
  std::vector<Candidate> all =
      candidates.random(space_, static_cast<std::uint64_t>(search_seed_), plan_.trials);
  if (static_cast<std::int64_t>(all.size()) < plan_.trials) {
    note(fmt::format(
        "--trials {}: there are only {} different combinations", plan_.trials, all.size()));
  }
  return all;
}

TrialGrid SweepCommand::make_grid(const OptionTable& table) {
  space_ = parse_space(sets_);
  Candidates candidates(table, [&] { options_.check(table); });
  candidates.check_space(space_);
  for (const Dimension& dimension : space_) {
    if (options_.initial.is_set() && table.find(dimension.key).group == kModelGroup) {
      throw UsageError("--set ", dimension.key, ": the model's options are those of --init-from");
    }
  }
  plan_.search = search_ != Search::kAuto ? search_
                 : is_grid(space_)        ? Search::kGrid
                                          : Search::kRandom;
  if (plan_.search == Search::kGrid) {
    refuse_flags(table, "--search grid", {"trials", "search_seed"});
    if (!is_grid(space_)) {
      throw UsageError(
          "--search grid: expected lists of values, got a distribution; use --search "
          "random --trials N");
    }
  }
  if (plan_.search == Search::kHalving && varies("epochs")) {
    throw UsageError(
        "--set epochs: --search halving varies the epochs itself; leave one of them out");
  }
  const bool draws = plan_.search == Search::kRandom || !is_grid(space_) ||
                     (plan_.search == Search::kHalving && table.find("trials").is_given());
  plan_.trials = draws ? trials_ : 0;
  plan_.search_seed = search_seed_;
  plan_.sets = sets_;
  plan_.seeds =
      seeds_.empty() ? std::vector<std::int64_t>{options_.train.seed} : parse_seeds(seeds_);
  std::vector<Candidate> all = find_candidates(candidates);
  plan_.options = compared_options(table);
  fixed_ = fixed_config(table);
  const std::size_t count = all.size();
  return {std::move(all),
          plan_.seeds,
          plan_.search == Search::kHalving ? plan_rungs(count, options_.train.epochs)
                                           : std::vector<Rung>{{count, 1}},
          options_.train.limits.stop_metric};
}

bool SweepCommand::varies(const std::string& key) const {
  return std::any_of(
      space_.begin(), space_.end(), [&](const Dimension& one) { return one.key == key; });
}

void SweepCommand::note_unused_flags(const OptionTable& table, const TrialGrid& grid) const {
  std::vector<std::string> models;
  for (const Candidate& candidate : grid.candidates()) {
    const std::string model = candidate.settings.value("model", options_.model.model);
    if (std::find(models.begin(), models.end(), model) == models.end()) {
      models.push_back(model);
    }
  }
  for (const std::string& text : notes_on_unused_flags(table, models)) {
    note(text);
  }
}

ordered_json SweepCommand::fixed_config(const OptionTable& table) const {
  ordered_json config = ordered_json::object();
  for (const auto& option : table.options()) {
    if (option->scope == Scope::kEverywhere && option->is_set() && !varies(option->key) &&
        option->key != "threads") {
      config[option->key] = to_json(option->target);
    }
  }
  return config;
}

// All options that influence the results, also those at their default.
ordered_json SweepCommand::compared_options(const OptionTable& table) const {
  ordered_json options = ordered_json::object();
  for (const auto& option : table.options()) {
    const std::string& key = option->key;
    if (option->scope == Scope::kEverywhere && option->group != kRecordsGroup && !varies(key) &&
        !is_data_path(key) && key != "threads" && key != "save_every_s" && key != "seed") {
      options[key] = to_json(option->target);
    }
  }
  return options;
}

RunnerOptions SweepCommand::runner_options(const OptionTable& table) const {
  RunnerOptions options;
  options.metric = options_.train.limits.stop_metric;
  options.jobs = jobs_;
  options.budget_s = budget_.empty() ? 0.0 : parse_duration("--budget", budget_);
  options.quiet = session_.quiet;
  const std::int64_t all = options_.train.threads > 0 ? options_.train.threads : num_threads();
  options.flags = {"--threads", fmt::format("{}", std::max<std::int64_t>(1, all / jobs_))};
  for (const char* key : {"device", "precision", "cache"}) {
    const Option& option = table.find(key);
    options.flags.insert(options.flags.end(), {option.flag(), to_text(option.target)});
  }
  const std::vector<std::string> own = table.environment_names();
  for (const char* const* variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    if (std::find(own.begin(), own.end(), text.substr(0, text.find('='))) == own.end()) {
      options.environment.push_back(text);
    }
  }
  return options;
}

int SweepCommand::run(const OptionTable& table) {
  if (dist::this_launch().size > 1) {
    throw UsageError("sweep: expected one process, got ",
                     dist::this_launch().size,
                     " of ",
                     dist::this_launch().launcher,
                     ": it starts its trainings itself, see --jobs");
  }
  check_options(table);
  options_.initial.check();
  if (options_.initial.is_set()) {
    options_.initial.take_options(table);
  }
  options_.make_paths_absolute();
  options_.data.read.cache_folder = cache_folder(options_.cache);
  const TrialGrid grid = make_grid(table);
  note_unused_flags(table, grid);
  start_session(session_);
  const RunnerOptions runner_settings = runner_options(table);
  const SweepFolder folder(
      out_, [&] { note("waiting until the trainings of the killed call have saved and stopped"); });
  plan_.data_hash = read_data(options_.data, [&](const auto& text) { note(text); }).split.hash();
  if (const auto before = folder.read_plan()) {
    check_continues(out_, *before, plan_);
  }
  folder.write_plan(to_json(plan_));
  note(fmt::format("sweep: {} configurations, seeds {}, into {}",
                   grid.candidates().size(),
                   fmt::join(grid.seeds(), ","),
                   out_));
  TrialRunner runner(folder, runner_settings);
  SweepRun work(grid, fixed_, folder, runner);
  SweepResult sweep{choice_name(plan_.search), &grid, {}, {}, {}};
  for (const Dimension& dimension : space_) {
    sweep.keys.push_back(dimension.key);
  }
  RunnerEnd end = work.train();
  if (end != RunnerEnd::kStopped) {
    end = work.test(sweep);
  }
  if (end == RunnerEnd::kStopped) {
    runner.message("stopped; the trainings are saved. To continue, give the same command again");
    return 128 + StopSignals::received();
  }
  work.write_files(sweep);
  runner.message("sweep: " + folder.file("report.html") +
                 ", with the table and best.json beside it");
  switch (format_.chosen()) {
    case SweepFormat::kJson:
      print(data::json_text(to_json(sweep), 2) + "\n");
      break;
    case SweepFormat::kCsv:
      print(to_csv(sweep));
      break;
    case SweepFormat::kTable:
      print(to_text(sweep));
      break;
  }
  return sweep.has_choice() ? 0 : static_cast<int>(ExitCode::kFailure);
}

}  // namespace

std::unique_ptr<Command> make_sweep_command() {
  return std::make_unique<SweepCommand>();
}

}  // namespace elastic::cli

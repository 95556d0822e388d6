#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/input_file.h"
#include "cli/commands/train/resumed_options.h"
#include "cli/commands/train/tensorboard_log.h"
#include "cli/options/config_file.h"
#include "cli/options/model_flags.h"
#include "cli/options/output_format.h"
#include "cli/options/session_options.h"
#include "cli/output/output.h"
#include "cli/output/progress_line.h"
#include "cli/output/train_progress.h"
#include "cli/runs/evaluation.h"
#include "cli/runs/repeats_warning.h"
#include "cli/runs/run_data.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_model.h"
#include "cli/runs/run_report.h"
#include "cli/runs/save_signal.h"
#include "cli/runs/seen_items_warning.h"
#include "cli/runs/stop_signals.h"
#include "cli/runs/teacher_runs.h"
#include "cli/usage/command.h"
#include "eval/repeats.h"
#include "model/registry.h"
#include "train/items_file.h"
#include "train/run_directory.h"
#include "train/saved_model.h"
#include "train/teacher.h"
#include "train/train_seen.h"
#include "train/trainer.h"

namespace elastic::cli {
namespace {

constexpr const char* kTrainDescription =
    R"(train a model into a run directory and evaluate it on the test split

  elastic train --data ratings.csv --items movies.csv --out runs/first
  elastic train --config my.json --dim 128 --out runs/wide
  elastic train --resume --out runs/first

Reads interactions (user, item, [rating], [time]), separated by tab, comma, space or ::, or as
JSON lines; plain, .gz, .zst or .xz. Holds out each user's last event for the test and the one
before it for validation; --split selects another rule. Trains until validation NDCG@10 stops
growing, keeps the best model, and evaluates it once on the test split. Ctrl-C saves and stops, a
second Ctrl-C stops at once, SIGUSR1 saves and continues. --resume continues a run that was
stopped, killed or out of time, to the same bits.

Every option below, up to Output, is also a key of the config file (num_experts). These options
and those under Running are also variables (ELASTIC_NUM_EXPERTS). Defaults < config file <
variables < flags.)";

class TrainCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "train"; }
  [[nodiscard]] std::string description() const override { return kTrainDescription; }
  void declare(OptionTable& table) override;
  std::optional<ConfigLayer> config_layer() override;
  int run(const OptionTable& table) override;

 private:
  void check_options(const OptionTable& table) const;
  [[nodiscard]] train::RunDirectory open_run() const;
  void identify(const OptionTable& table, const RunData& data, const train::RunDirectory& run);
  void write_files(const OptionTable& table,
                   const RunData& data,
                   const train::RunDirectory& run) const;
  void write_json(const train::RunDirectory& run,
                  const std::string& name,
                  nlohmann::ordered_json value) const;
  train::TrainResult train_model(const OptionTable& table,
                                 Model& model,
                                 const RunData& data,
                                 const train::RunDirectory& run);
  [[nodiscard]] int interrupted(int signal) const;
  [[nodiscard]] std::string resume_command() const {
    return "elastic train --resume --out " + out_;
  }
  void write_report(const train::RunDirectory& run) const;
  void report(const RunData& data, const train::RunDirectory& run, Device device) const;
  void check_targets(const data::Split& split) const;
  void resolve_train_seen(const data::Split& split);
  void read_teacher(const Model& student, const data::Split& split);
  void note(const std::string& text) const { ProgressLine(session_.quiet).message(text); }

  data::DataConfig data_;
  ModelConfig model_;
  train::TrainConfig train_;
  SessionOptions session_;
  OutputFormat<TableFormat> format_;
  std::string out_;
  std::string config_;
  std::string cache_ = "auto";
  eval::RankingRules rules_;
  bool tensorboard_ = false;
  bool report_ = false;
  bool resume_ = false;
  ResumedOptions resumed_;
  train::RunIdentity identity_;
  std::optional<train::Teacher> teacher_;  ///< with --teacher
};

void TrainCommand::declare(OptionTable& table) {
  table.begin_group("Run");
  table.add("out", &out_, "the run directory: new, or with --resume an existing one")
      .flag_only("RUN");
  table.add("config", &config_, "options from a JSON file, comments allowed").flag_only("FILE");
  table.add("resume", &resume_, "continue the run in --out with its own options").flag_only();
  declare_data(table, data_);
  declare_cache(table, cache_);
  declare_model(table, model_);
  table.begin_group(kTrainingGroup);
  table.add_all(train_);
  table.find("teacher").value_name = "RUN";
  table.begin_group("Evaluation");
  table.add_all(rules_);
  table.begin_group(kRecordsGroup);
  table.add("tensorboard", &tensorboard_, "write event files for TensorBoard to RUN/tensorboard");
  table.add(
      "report", &report_, "write a page with curves and results to RUN/report.html at the end");
  declare_output(table, format_);
  declare_session(table, session_, /*with_threads=*/false);
}

std::optional<ConfigLayer> TrainCommand::config_layer() {
  if (!resume_) {
    return config_.empty() ? std::nullopt
                           : std::optional(ConfigLayer{read_config(config_), config_});
  }
  if (!config_.empty()) {
    throw UsageError("--resume takes the options of the run; leave out --config");
  }
  if (out_.empty()) {
    throw UsageError("--resume: expected the run to continue; add --out RUN");
  }
  return resumed_.read(out_);
}

void TrainCommand::check_options(const OptionTable& table) const {
  if (out_.empty()) {
    throw UsageError("--out: expected a run directory; add --out RUN, a new folder");
  }
  if (data_.data.empty()) {
    throw UsageError("--data: expected a file of interactions; add --data FILE");
  }
  check(model_);
  for (const std::string& text : notes_on_unused_flags(table, {model_.model})) {
    note(text);
  }
  check(train_);
}

int TrainCommand::run(const OptionTable& table) {
  check_options(table);
  if (resume_) {
    resumed_.check_unchanged(table);
  }
  make_paths_absolute(data_);
  if (!train_.loss.teacher.empty()) {
    train_.loss.teacher = absolute_runs(train_.loss.teacher);
  }
  data_.read.cache_folder = cache_folder(cache_);
  const Device device = start_session(session_);
  const SaveSignal save_signal;
  const train::RunDirectory run = open_run();  // refuses an unusable --out before the work
  const RunData data = read_data(data_, [this](const std::string& text) { note(text); });
  model_.num_items = data.split.num_items();
  const auto seed = static_cast<std::uint64_t>(train_.seed);
  check_memory(model_, /*copies=*/4, DType::kFloat32, device);  // weights, gradients, two moments
  const auto model = make_model(model_, seed, DType::kFloat32, device);
  check_targets(data.split);
  resolve_train_seen(data.split);
  train::check_recordable(train_, train::supervision_for(train_.targets, *model), *model);
  train::sampled_loss_settings(train_.loss, *model);
  read_teacher(*model, data.split);
  identify(table, data, run);
  const train::TrainResult result = train_model(table, *model, data, run);
  if (result.status == train::Status::kStopped) {
    write_report(run);
    return interrupted(StopSignals::received());
  }
  note(fmt::format("{} after {} epochs, {}; best validation NDCG@10 {:.4f} in epoch {}",
                   name_of(result.status),
                   result.num_epochs,
                   format_duration(result.elapsed_s),
                   result.best_metric,
                   result.best_epoch));
  report(data, run, device);
  write_report(run);
  return 0;
}

void TrainCommand::check_targets(const data::Split& split) const {
  for (const data::Subset subset : {data::Subset::kValidation, data::Subset::kTest}) {
    check_repeats(split, subset, rules_);
  }
  const std::string warning =
      repeats_warning({{"validation", eval::count_targets(split, data::Subset::kValidation)},
                       {"test", eval::count_targets(split, data::Subset::kTest)}},
                      rules_,
                      rules_.filter_seen);
  if (!warning.empty()) {
    note(warning);
  }
}

// From here on the option has the value that the loss, the files and the hash of the run use.
void TrainCommand::resolve_train_seen(const data::Split& split) {
  train::TrainSeen& seen = train_.loss.train_seen;
  seen = train::resolve(seen, rules_.filter_seen, split);
  const std::int64_t repeats = train::num_repeats(split);
  note(fmt::format("loss {}, --train-seen {}: {} of {} training events repeat an item of the user",
                   choice_name(train_.loss.kind),
                   choice_name(seen),
                   repeats,
                   split.num_train_events()));
  const std::string warning = seen_items_warning(choice_name(seen), rules_.filter_seen);
  if (!warning.empty()) {
    note(warning);
  }
}

void TrainCommand::read_teacher(const Model& student, const data::Split& split) {
  if (train_.loss.teacher.empty()) {
    return;
  }
  TeacherRuns runs =
      load_teacher(train_.loss.teacher, split, student.item_table().value().device());
  note(fmt::format("learning from {}, weight {}, temperature {}",
                   runs.identity,
                   train_.loss.teacher_weight,
                   train_.loss.teacher_temperature));
  teacher_.emplace(std::move(runs.models),
                   student,
                   train::supervision_for(train_.targets, student),
                   Distillation{train_.loss.teacher_weight, train_.loss.teacher_temperature},
                   std::move(runs.identity));
}

train::RunDirectory TrainCommand::open_run() const {
  return resume_ ? train::RunDirectory::resume(out_) : train::RunDirectory::create(out_);
}

// Sets the identity of the run, and checks that one to resume has the same data and items.
void TrainCommand::identify(const OptionTable& table,
                            const RunData& data,
                            const train::RunDirectory& run) {
  identity_ = train::make_identity(fixed_options(table, train_),
                                   data.split.hash(),
                                   train::hash_of_items(item_names(data.split.dataset())));
  // A run that was killed at its start has neither a checkpoint nor data.json.
  if (!resume_ || (!run.has_checkpoint() && !is_present(run.file("data.json")))) {
    return;
  }
  check_same_data(out_, data);
  const train::RunIdentity recorded = recorded_identity(out_, identity_);
  if (!recorded.items_hash.empty() && recorded.items_hash != identity_.items_hash) {
    throw CheckpointError(run.file("data.json"),
                          ": the titles are not those that the run was started with; point --items "
                          "at the original file");
  }
  identity_ = recorded;
}

// Adds the hash that ties the file to its run.
void TrainCommand::write_json(const train::RunDirectory& run,
                              const std::string& name,
                              nlohmann::ordered_json value) const {
  if (!identity_.run.empty()) {
    value[kRunHash] = identity_.run;
  }
  run.write_json(name, value);
}

// Writes config.json first: with it the run can be resumed.
void TrainCommand::write_files(const OptionTable& table,
                               const RunData& data,
                               const train::RunDirectory& run) const {
  run.write_json("config.json", table.to_config());
  write_json(run, "sources.json", resumed_.sources(table));
  nlohmann::ordered_json description = data::describe(data.loaded, data.split);
  if (!identity_.run.empty()) {
    description[kItemsHash] = identity_.items_hash;
  }
  if (reads_times(model_)) {
    description[kTimesHash] = data.split.dataset().times_hash();
  }
  write_json(run, "data.json", description);
  train::write_items(run.file(train::kItemsFile), item_names(data.split.dataset()));
}

train::TrainResult TrainCommand::train_model(const OptionTable& table,
                                             Model& model,
                                             const RunData& data,
                                             const train::RunDirectory& run) {
  ProgressLine line(session_.quiet);
  line.message(fmt::format("training {}: {} parameters, {} users, {} items, into {}",
                           model_.model,
                           model.parameters().num_elements(),
                           data.split.num_users(),
                           data.split.num_items(),
                           out_));
  TrainProgress progress(line);
  const StopSignals signals;
  train::TrainerOptions options;
  options.resume = resume_;
  options.data_hash = data.split.hash();
  options.identity = identity_;
  options.teacher = teacher_.has_value() ? &*teacher_ : nullptr;
  options.evaluation.rules = rules_;
  options.stop = &StopSignals::received();
  options.save_now = &SaveSignal::received();
  train::TrainObserver observer = progress.observer();
  TensorBoardLog board;
  if (tensorboard_) {
    board.join(observer);
  }
  train::Trainer trainer(model, data.split, train_, run, options, observer);
  // After the trainer has found data to train on, and has checked the options of a resumed run.
  write_files(table, data, run);
  try {
    if (tensorboard_) {
      board.open(run, resume_, trainer.num_steps());
    }
    return trainer.run();
  } catch (const Error& error) {
    if (error.code() == ExitCode::kFailure) {  // for example a full disk
      note("once this is fixed, continue from the saved state: " + resume_command());
    }
    throw;
  }
}

void TrainCommand::write_report(const train::RunDirectory& run) const {
  if (report_) {
    note("report: " + write_run_report(run.path()));
  }
}

int TrainCommand::interrupted(int signal) const {
  note("stopped; the state is saved. To continue: " + resume_command());
  return 128 + signal;
}

void TrainCommand::report(const RunData& data,
                          const train::RunDirectory& run,
                          Device device) const {
  train::SavedModel best = load_run_model(run.path(), device);
  const eval::Report report =
      evaluate_saved_model(best, {&data.split, data::Subset::kTest, rules_}).report;
  run.write_json("result.json", report_json(report, best.info.identity));
  print_report(report, best.info.identity, wants_json(format_));
}

}  // namespace

std::unique_ptr<Command> make_train_command() {
  return std::make_unique<TrainCommand>();
}

}  // namespace elastic::cli

#include <fmt/format.h>

#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/input_file.h"
#include "cli/commands/train/description.h"
#include "cli/commands/train/item_features.h"
#include "cli/commands/train/phase.h"
#include "cli/commands/train/refit_result.h"
#include "cli/commands/train/resumed_options.h"
#include "cli/commands/train/tensorboard_log.h"
#include "cli/commands/train/train_options.h"
#include "cli/commands/train/training_notes.h"
#include "cli/options/config_file.h"
#include "cli/options/model_flags.h"
#include "cli/options/output_format.h"
#include "cli/options/session_options.h"
#include "cli/output/metrics_table.h"
#include "cli/output/output.h"
#include "cli/output/progress_line.h"
#include "cli/output/train_progress.h"
#include "cli/runs/evaluation.h"
#include "cli/runs/ranks.h"
#include "cli/runs/run_data.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_model.h"
#include "cli/runs/run_report.h"
#include "cli/runs/save_signal.h"
#include "cli/runs/seen_items_warning.h"
#include "cli/runs/stop_signals.h"
#include "cli/runs/teacher_runs.h"
#include "cli/usage/command.h"
#include "data/json_document.h"
#include "model/registry.h"
#include "train/items_file.h"
#include "train/resolved_loss.h"
#include "train/run_directory.h"
#include "train/saved_model.h"
#include "train/teacher.h"
#include "train/trainer.h"

namespace elastic::cli {
namespace {

class TrainCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "train"; }
  [[nodiscard]] std::string description() const override { return kTrainDescription; }
  void declare(OptionTable& table) override;
  std::optional<ConfigLayer> config_layer() override;
  int run(const OptionTable& table) override;
  [[nodiscard]] bool runs_on_all_ranks() const override { return true; }

 private:
  int train(const OptionTable& table);
  void check_options(const OptionTable& table) const;
  [[nodiscard]] train::RunDirectory open_run() const;
  int run_alone(const OptionTable& table, const Phase& phase, Device device);
  int run_both(const OptionTable& table,
               const train::RunDirectory& run,
               const RunData& data,
               Device device);
  // Ends with the best epoch, unless a signal stopped the training.
  std::optional<train::FixedEpochs> search(const OptionTable& table, Phase& phase, Device device);
  // The options that fix the results of a phase.
  std::string options_of(const OptionTable& table, data::Refit refit);
  [[nodiscard]] std::unique_ptr<Model> start_model(const Phase& phase, Device device);
  void write_files(const OptionTable& table, const Phase& phase);
  void write_start(const OptionTable& table, const Phase& phase, Device device);
  [[nodiscard]] train::TrainerOptions trainer_options(const Phase& phase, const Model& model) const;
  [[nodiscard]] train::TrainConfig limits_of(const Phase& phase) const;
  train::TrainResult train_model(const OptionTable& table, const Phase& phase, Device device);
  TestResult test(const Phase& phase, const train::TrainResult& result, Device device) const;
  [[nodiscard]] int interrupted(int signal) const;
  [[nodiscard]] std::string resume_command() const {
    return "elastic train --resume --out " + out_;
  }
  void write_report(const train::RunDirectory& run) const;
  void note_result(const train::TrainResult& result) const;
  void resolve_loss(const data::Split& split);
  void read_teacher(const data::Split& split, Device device);
  // Prints a remark; "": none.
  void note(const std::string& text) const {
    if (!text.empty()) {
      ProgressLine(session_.quiet).message(text);
    }
  }

  TrainOptions options_;  ///< its refit is that of the phase whose files are written
  SessionOptions session_;
  OutputFormat<TableFormat> format_;
  std::string out_;
  std::string config_;
  bool resume_ = false;
  bool no_test_ = false;
  Ranks ranks_;
  ResumedOptions resumed_;
  ItemFeatures features_;  // with --item-vectors
  // With --teacher; one for both phases of --refit.
  std::optional<TeacherRuns> teacher_runs_;
  std::optional<train::Teacher> teacher_;
};

void TrainCommand::declare(OptionTable& table) {
  table.begin_group("Run");
  table.add("out", &out_, "the run directory: new, or with --resume an existing one")
      .flag_only("RUN");
  table.add("config", &config_, "options from a JSON file, comments allowed").flag_only("FILE");
  table.add("resume", &resume_, "continue the run in --out with its own options").flag_only();
  table.add("no_test", &no_test_, "do not evaluate the test split: for choosing between runs")
      .flag_only();
  options_.train.shards = Ranks::least_shards();
  options_.declare(table);
  declare_output(table, format_);
  declare_session(table, session_, /*with_threads=*/false);
  ranks_.declare(table);
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
  options_.check(table);
  for (const std::string& text : notes_on_unused_flags(table, {options_.model.model})) {
    note(text);
  }
  if (no_test_ && options_.refit != data::Refit::kNone) {
    throw UsageError("--no-test: leave out --refit, which reports the test result of its search");
  }
}

int TrainCommand::run(const OptionTable& table) {
  session_.quiet = session_.quiet || !ranks_.is_first();
  const int code = train(table);
  ranks_.leave();
  return code;
}

int TrainCommand::train(const OptionTable& table) {
  options_.initial.check();
  if (options_.initial.is_set() && !resume_) {
    options_.initial.take_options(table);
  }
  check_options(table);
  if (resume_) {
    resumed_.check_unchanged(table);
  }
  options_.make_paths_absolute();
  options_.data.read.cache_folder = cache_folder(options_.cache);
  ranks_.check(options_.train, options_.refit, session_.device);
  const Device device = start_session(session_);
  ranks_.join(options_.train.threads);
  if (ranks_.group() != nullptr) {
    note(ranks_.description());
  }
  const SaveSignal save_signal;
  const train::RunDirectory run = open_run();  // refuses an unusable --out before the work
  const Notes notes = [this](const std::string& text) { note(text); };
  const RunData data = read_data(options_.data, notes);
  options_.fit_defaults(table, data.split);
  options_.model.num_items = data.split.num_items();
  features_ = read_features({options_.train.vectors.file, resume_ ? out_ : "", options_.initial},
                            item_names(data.split.dataset()),
                            notes);
  options_.model.num_item_features = features_.size();
  check_memory(
      options_.model, /*copies=*/4, DType::kFloat32, device);  // weights, gradients, two moments
  if (data.split.holds_out(data::Subset::kTest)) {
    note(targets_note(data.split, options_.rules));
  }
  resolve_loss(data.split);
  read_teacher(data.split, device);
  if (options_.refit != data::Refit::kNone) {
    return run_both(table, run, data, device);
  }
  Phase phase{run, data, options_.refit, resume_};
  if (data.split.rule() == data::SplitRule::kNone) {
    phase.fixed = train::FixedEpochs{options_.train.epochs, "", 0.0};
  }
  identify(phase, options_of(table, phase.refit));
  ranks_.require_same(
      table,
      {{"hash of the data", data.split.hash()}, {"hash of the items", phase.identity.items_hash}});
  return run_alone(table, phase, device);
}

int TrainCommand::run_alone(const OptionTable& table, const Phase& phase, Device device) {
  const train::TrainResult result = train_model(table, phase, device);
  if (result.status == train::Status::kStopped) {
    if (ranks_.is_first()) {
      write_report(phase.run);
    }
    return interrupted(result.stop);
  }
  if (!ranks_.is_first()) {
    if (!phase.fixed && !no_test_) {
      test(phase, result, device);
    }
    return 0;
  }
  note_result(result);
  if (phase.fixed) {
    const nlohmann::ordered_json json = report_untested(phase, result.best_epoch);
    print(wants_json(format_) ? data::json_text(json, 2) + "\n" : untested_text(json));
  } else if (no_test_) {
    const nlohmann::ordered_json json = report_validation(phase, result);
    print(wants_json(format_) ? data::json_text(json, 2) + "\n" : validation_text(json));
  } else {
    const TestResult tested = test(phase, result, device);
    print(wants_json(format_) ? data::json_text(tested.json, 2) + "\n"
                              : metrics_table(tested.report));
  }
  write_report(phase.run);
  return 0;
}

int TrainCommand::run_both(const OptionTable& table,
                           const train::RunDirectory& run,
                           const RunData& data,
                           Device device) {
  const RunData more{data.loaded, data.split.refitted(options_.refit)};
  Phase refit{run, more, options_.refit, resume_, train::FixedEpochs{}};
  const std::string folder = search_folder(run.path());
  const bool has_search = is_present(file_of(folder, "config.json"));
  const train::RunDirectory search_run =
      has_search ? train::RunDirectory::resume(folder) : train::RunDirectory::create(folder);
  Phase first{search_run, data, data::Refit::kNone, has_search, std::nullopt, &refit};
  identify(refit, options_of(table, refit.refit));
  identify(first, options_of(table, first.refit));
  if (!run.has_checkpoint()) {
    write_start(table, refit, device);
  }
  refit.resume = true;
  refit.fixed = search(table, first, device);
  if (!refit.fixed) {
    return interrupted(StopSignals::received());
  }
  note(fmt::format("refit: {} epochs, {} events to train on instead of {}",
                   refit.fixed->epochs,
                   more.split.num_train_events(),
                   data.split.num_train_events()));
  const train::TrainResult result = train_model(table, refit, device);
  if (result.status == train::Status::kStopped) {
    write_report(run);
    return interrupted(StopSignals::received());
  }
  const RefitResult both = report_both(first, refit, options_.rules, options_.cutoffs(), device);
  print(wants_json(format_) ? data::json_text(result_json(both, refit.identity), 2) + "\n"
                            : result_table(both));
  write_report(run);
  return 0;
}

std::optional<train::FixedEpochs> TrainCommand::search(const OptionTable& table,
                                                       Phase& phase,
                                                       Device device) {
  if (is_present(phase.run.file(kResultFile))) {
    resumed_.check_over(table, {"epochs", "patience", "max_time_s", "max_tokens"});
  } else {
    const train::TrainResult result = train_model(table, phase, device);
    if (result.status == train::Status::kStopped) {
      write_report(phase.run);
      return std::nullopt;
    }
    note_result(result);
    test(phase, result, device);
    write_report(phase.run);
  }
  const train::SavedModelInfo best = train::read_model_info(phase.run.model_path());
  check_options_of(phase, best);
  return train::FixedEpochs{best.epoch, best.metric + " of the search", best.metric_value};
}

TestResult TrainCommand::test(const Phase& phase,
                              const train::TrainResult& result,
                              Device device) const {
  return report_test(phase, result, options_.rules, options_.cutoffs(), ranks_, device);
}

void TrainCommand::note_result(const train::TrainResult& result) const {
  note(result_note(result,
                   options_.train.limits.stop_metric,
                   options_.data.split.rule != data::SplitRule::kNone));
}

// From here on the options have the values that the loss, the files and the hash of the run use.
void TrainCommand::resolve_loss(const data::Split& split) {
  options_.train = train::resolved(options_.train, options_.rules.filter_seen, split);
  note(loss_note(options_.train, split));
  note(seen_items_warning(choice_name(options_.train.loss.train_seen), options_.rules.filter_seen));
}

// `split` without the events that --refit adds: the teacher must not have seen its held-out events.
void TrainCommand::read_teacher(const data::Split& split, Device device) {
  if (options_.train.loss.teacher.empty()) {
    return;
  }
  teacher_runs_ = load_teacher(options_.train.loss.teacher, split, device);
  note(fmt::format("learning from {}, weight {}, temperature {}",
                   teacher_runs_->identity,
                   options_.train.loss.teacher_weight,
                   options_.train.loss.teacher_temperature));
}

train::RunDirectory TrainCommand::open_run() const {
  if (!ranks_.is_first()) {
    return train::RunDirectory::look(out_);
  }
  return resume_ ? train::RunDirectory::resume(out_) : train::RunDirectory::create(out_);
}

std::string TrainCommand::options_of(const OptionTable& table, data::Refit refit) {
  options_.refit = refit;
  return fixed_options(table, options_.train, features_.hash());
}

// Tensors without values, for weights that a checkpoint will overwrite.
Tensor undrawn(const std::string& /*name*/, const Shape& shape) {
  return {shape, DType::kFloat32, Device::kCpu, Memory::kParameter};
}

// A new model, with the weights of --init-from unless a checkpoint has later ones, and its teacher.
std::unique_ptr<Model> TrainCommand::start_model(const Phase& phase, Device device) {
  const auto seed = static_cast<std::uint64_t>(options_.train.seed);
  auto model = phase.resume && phase.run.has_checkpoint()
                   ? make_model(options_.model, undrawn, DType::kFloat32, device)
                   : make_model(options_.model, seed, DType::kFloat32, device);
  train::check_recordable(
      options_.train, train::supervision_for(options_.train.targets, *model), *model);
  train::sampled_loss_settings(options_.train.loss, *model);
  features_.copy_to(*model);
  if (options_.initial.is_set() && !phase.run.has_checkpoint()) {
    note(options_.initial.copy_weights(*model, item_names(phase.data.split.dataset())));
  }
  if (teacher_runs_ && !teacher_) {
    teacher_.emplace(
        std::move(teacher_runs_->models),
        *model,
        train::supervision_for(options_.train.targets, *model),
        Distillation{options_.train.loss.teacher_weight, options_.train.loss.teacher_temperature},
        teacher_runs_->identity);
  }
  return model;
}

// A run with config.json can be resumed. sources.json precedes it: a resumed run reads both.
void TrainCommand::write_files(const OptionTable& table, const Phase& phase) {
  if (!ranks_.is_first()) {
    return;
  }
  options_.refit = phase.refit;
  nlohmann::ordered_json sources = resumed_.sources(table);
  if (phase.refit == data::Refit::kNone) {
    sources.erase("refit");
  }
  write_json(phase, "sources.json", std::move(sources));
  phase.run.write_json("config.json", table.to_config());
  nlohmann::ordered_json description = data::describe(phase.data.loaded, phase.data.split);
  if (!phase.identity.run.empty()) {
    description[kItemsHash] = phase.identity.items_hash;
  }
  if (reads_times(options_.model)) {
    description[kTimesHash] = phase.data.split.dataset().times_hash();
  }
  describe(features_, description);
  write_json(phase, "data.json", description);
  train::write_items(phase.run.file(train::kItemsFile), item_names(phase.data.split.dataset()));
}

// Writes the files of a phase that trains later, and its checkpoint before the first step.
void TrainCommand::write_start(const OptionTable& table, const Phase& phase, Device device) {
  const auto model = start_model(phase, device);
  train::Trainer trainer(
      *model, phase.data.split, limits_of(phase), phase.run, trainer_options(phase, *model));
  write_files(table, phase);
  trainer.save();
}

train::TrainerOptions TrainCommand::trainer_options(const Phase& phase, const Model& model) const {
  train::TrainerOptions options;
  options.resume = phase.resume;
  options.data_hash = phase.data.split.hash();
  options.identity = phase.identity;
  options.item_encoding = features_.encoding();
  options.teacher = teacher_.has_value() ? &*teacher_ : nullptr;
  options.evaluation.rules = options_.rules;
  options.cutoffs = options_.cutoffs();
  options.fixed = phase.fixed;
  options.start = options_.initial.start_moments(model);
  options.stop = &StopSignals::received();
  options.save_now = &SaveSignal::received();
  options.ranks = ranks_.group();
  return options;
}

// The limits of time and tokens are those of the search.
train::TrainConfig TrainCommand::limits_of(const Phase& phase) const {
  train::TrainConfig config = options_.train;
  if (phase.refit != data::Refit::kNone) {
    config.limits.max_time_s = 0.0;
    config.limits.max_tokens = 0;
  }
  return config;
}

train::TrainResult TrainCommand::train_model(const OptionTable& table,
                                             const Phase& phase,
                                             Device device) {
  const auto model = start_model(phase, device);
  ProgressLine line(session_.quiet);
  line.message(fmt::format("training {}: {} parameters, {} users, {} items, into {}",
                           options_.model.model,
                           model->parameters().num_elements(),
                           phase.data.split.num_users(),
                           phase.data.split.num_items(),
                           phase.run.path()));
  TrainProgress progress(line);
  const StopSignals signals;
  train::TrainObserver observer = progress.observer();
  TensorBoardLog board;
  const bool with_board = options_.tensorboard && ranks_.is_first();
  if (with_board) {
    board.join(observer);
  }
  train::Trainer trainer(*model,
                         phase.data.split,
                         limits_of(phase),
                         phase.run,
                         trainer_options(phase, *model),
                         observer);
  // After the trainer has found data to train on, and has checked the options of a resumed run.
  if (phase.later != nullptr) {
    write_files(table, *phase.later);
  }
  write_files(table, phase);
  try {
    if (options_.initial.is_set() && !phase.run.has_checkpoint()) {
      trainer.save();  // a resumed run does not need the initial one
    }
    if (with_board) {
      board.open(phase.run, phase.resume, trainer.num_steps());
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
  if (options_.report) {
    note("report: " + write_run_report(run.path()));
  }
}

int TrainCommand::interrupted(int signal) const {
  note("stopped; the state is saved. To continue: " + resume_command());
  return 128 + signal;
}

}  // namespace

std::unique_ptr<Command> make_train_command() {
  return std::make_unique<TrainCommand>();
}

}  // namespace elastic::cli

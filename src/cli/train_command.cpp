#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "cli/command.h"
#include "cli/config_file.h"
#include "cli/evaluation.h"
#include "cli/model_flags.h"
#include "cli/option_sources.h"
#include "cli/output.h"
#include "cli/output_format.h"
#include "cli/progress_line.h"
#include "cli/run_data.h"
#include "cli/run_files.h"
#include "cli/run_report.h"
#include "cli/save_signal.h"
#include "cli/session_options.h"
#include "cli/stop_signals.h"
#include "cli/train_progress.h"
#include "train/items_file.h"
#include "train/run_directory.h"
#include "train/saved_model.h"
#include "train/tensorboard.h"
#include "train/trainer.h"

namespace elastic::cli {
namespace {

constexpr const char* kTrainDescription =
    "train a model into a run directory and evaluate it on the test split\n"
    "\n"
    "  elastic train --data ratings.csv --items movies.csv --out runs/first\n"
    "  elastic train --config my.json --dim 128 --out runs/wide\n"
    "  elastic train --resume --out runs/first\n"
    "\n"
    "Reads interactions (user, item, [rating], [time]; tab, comma, space or :: between, or JSON "
    "lines;\n"
    "plain, .gz, .zst or .xz), holds out each user's last event for the test and the one before "
    "for\n"
    "validation (--split: by time, by ratio, files of their own),\n"
    "trains until validation NDCG@10 stops growing, keeps the best model, evaluates the test "
    "split\n"
    "once. Ctrl-C saves and stops, a second one stops at once, SIGUSR1 saves and goes on; "
    "--resume\n"
    "continues what was stopped, killed or out of time, to the same bits.\n"
    "\n"
    "Every option below up to Output is also a key of the config file (num_experts) and, with the\n"
    "options of Running, a variable (ELASTIC_NUM_EXPERTS). Defaults < config file < variables <\n"
    "flags.";

// What is written about a training beside its results: may change when it is resumed.
constexpr const char* kRecordsGroup = "Records";

// `board` is there before the first of these calls.
void observe(train::TrainObserver& observer, std::optional<train::TensorBoard>& board) {
  observer.line = [&board](const nlohmann::ordered_json& event) { board->add(event); };
  const auto step = std::make_shared<std::int64_t>(0);
  observer.step = [step](std::int64_t steps) { *step = steps; };
  observer.progress = [&board, step, show = observer.progress](const train::Progress& progress) {
    show(progress);
    board->add(progress, *step);
  };
}

class TrainCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "train"; }
  [[nodiscard]] std::string description() const override { return kTrainDescription; }
  void declare(OptionTable& table) override;
  std::optional<ConfigLayer> config_layer() override;
  int run(const OptionTable& table) override;

 private:
  void check_options(const OptionTable& table) const;
  void check_unchanged(const OptionTable& table) const;
  [[nodiscard]] train::RunDirectory open_run(const RunData& data) const;
  void write_files(const OptionTable& table,
                   const RunData& data,
                   const train::RunDirectory& run) const;
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
  void note(const std::string& text) const { ProgressLine(session_.quiet).message(text); }

  data::DataConfig data_;
  ModelConfig model_;
  train::TrainConfig train_;
  SessionOptions session_;
  OutputFormat format_;
  std::string out_;
  std::string config_;
  std::string cache_ = "auto";
  bool filter_seen_ = true;
  bool tensorboard_ = false;
  bool report_ = false;
  bool resume_ = false;
  nlohmann::json resumed_;                  ///< the options of the run to resume
  std::string resumed_from_;                ///< their file
  nlohmann::ordered_json resumed_sources_;  ///< what had set them
};

void TrainCommand::declare(OptionTable& table) {
  table.begin_group("Run");
  Option& out = table.add("out", &out_, "the run directory: new, or with --resume an existing one");
  out.scope = Scope::kFlagOnly;
  out.value_name = "RUN";
  Option& config = table.add("config", &config_, "options from a JSON file, comments allowed");
  config.scope = Scope::kFlagOnly;
  config.value_name = "FILE";
  table.add("resume", &resume_, "go on with the run in --out, by its own options").scope =
      Scope::kFlagOnly;
  declare_data(table, data_);
  declare_cache(table, cache_);
  table.begin_group("Model");
  table.add_all(model_);
  table.begin_group("Training");
  table.add_all(train_);
  table.begin_group("Evaluation");
  table.add("filter_seen", &filter_seen_, "leave a user's earlier items out of the ranking");
  table.begin_group(kRecordsGroup);
  table.add("tensorboard", &tensorboard_, "write event files for TensorBoard to RUN/tensorboard");
  table.add(
      "report", &report_, "write a page with curves and results to RUN/report.html at the end");
  declare_output(table, format_, "table", "table or json");
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
    throw UsageError("--resume: which run? add --out RUN");
  }
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::path(out_) / "config.json", error)) {
    throw UsageError("--resume: there is no run in ", out_, "; leave out --resume to start one");
  }
  ConfigLayer layer = read_run_config(out_);
  resumed_ = layer.values;
  resumed_from_ = layer.source;
  const std::string sources = (std::filesystem::path(out_) / "sources.json").string();
  if (std::filesystem::exists(sources, error)) {
    resumed_sources_ = train::read_json(sources);
  }
  return layer;
}

void TrainCommand::check_options(const OptionTable& table) const {
  if (out_.empty()) {
    throw UsageError("--out: where shall the run go? add --out RUN, a new folder");
  }
  if (data_.data.empty()) {
    throw UsageError("--data: which file? add --data FILE, the interactions to learn from");
  }
  check(model_);
  for (const std::string& text : notes_on_unused_flags(table, {model_.model})) {
    note(text);
  }
  check(train_);
  wants_json(format_);
}

// How long and how fast to train may change on the way, what is trained may not.
void TrainCommand::check_unchanged(const OptionTable& table) const {
  for (const auto& option : table.options()) {
    if (option->scope != Scope::kEverywhere || option->group == "Training" ||
        option->group == kRecordsGroup || is_data_path(option->key)) {
      continue;
    }
    const nlohmann::json value = to_json(option->target);
    if (resumed_.contains(option->key) && option->normalised(resumed_[option->key]) != value) {
      throw UsageError("--resume: the run was started with ",
                       option->key,
                       " ",
                       resumed_[option->key].dump(),
                       ", not ",
                       value.dump(),
                       " (",
                       option->source,
                       "); start another run with another --out");
    }
  }
}

int TrainCommand::run(const OptionTable& table) {
  check_options(table);
  check_unchanged(table);
  make_paths_absolute(data_);
  data_.cache_folder = cache_folder(cache_);
  const Device device = start_session(session_);
  const SaveSignal save_signal;
  const RunData data = read_data(data_, [this](const std::string& text) { note(text); });
  model_.num_items = data.split.num_items();
  const auto seed = static_cast<std::uint64_t>(train_.seed);
  const auto model = make_model(model_, seed, DType::kFloat32, device);
  // Refused before the folder is made.
  train::supervision_for(train_, *model);
  train::sampling_for(train_, *model);
  const train::RunDirectory run = open_run(data);
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

train::RunDirectory TrainCommand::open_run(const RunData& data) const {
  if (!resume_) {
    return train::RunDirectory::create(out_);
  }
  train::RunDirectory run = train::RunDirectory::resume(out_);
  // Without it and without a checkpoint, the run was killed while it was being made.
  std::error_code error;
  if (run.has_checkpoint() || std::filesystem::exists(run.file("data.json"), error)) {
    check_same_data(out_, data);
  }
  return run;
}

// config.json comes first: from then on the run can be resumed.
void TrainCommand::write_files(const OptionTable& table,
                               const RunData& data,
                               const train::RunDirectory& run) const {
  run.write_json("config.json", table.to_config());
  run.write_json("sources.json", option_sources(table, resumed_sources_, resumed_from_));
  run.write_json("data.json", data::describe(data.loaded, data.split));
  train::write_items(run.file("items.tsv"), item_names(data.split.dataset()));
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
  options.evaluation.filter_seen = filter_seen_;
  options.stop = &StopSignals::received();
  options.save_now = &SaveSignal::received();
  train::TrainObserver observer = progress.observer();
  std::optional<train::TensorBoard> board;
  if (tensorboard_) {
    observe(observer, board);
  }
  if (!resume_) {
    write_files(table, data, run);
  }
  train::Trainer trainer(model, data.split, train_, run, options, observer);
  if (resume_) {
    write_files(table, data, run);  // options that the checkpoint refuses must not get there
  }
  try {
    if (tensorboard_) {
      // Beyond what metrics.jsonl kept, and beyond the checkpoint.
      const std::int64_t first_step =
          std::max(train::last_step_of(run.metrics_path()) + 1, trainer.num_steps());
      board.emplace(run.file("tensorboard"), resume_ ? first_step : 0);
    }
    return trainer.run();
  } catch (const Error& error) {
    if (error.code() == ExitCode::kFailure) {  // of the disk, say
      note("once that is mended, to go on from what is saved: " + resume_command());
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
  note("stopped; the state is saved. To go on: " + resume_command());
  return 128 + signal;
}

void TrainCommand::report(const RunData& data,
                          const train::RunDirectory& run,
                          Device device) const {
  train::SavedModel best = train::read_model(run.model_path(), device);
  const eval::Report report =
      evaluate_saved_model(best, {&data.split, data::Subset::kTest, filter_seen_}).report;
  run.write_json("result.json", to_json(report));
  print_report(report, wants_json(format_));
}

}  // namespace

std::unique_ptr<Command> make_train_command() {
  return std::make_unique<TrainCommand>();
}

}  // namespace elastic::cli

// Trains a model into a run directory: epochs, validation, early stopping, checkpoints.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/split.h"
#include "dist/communicator.h"
#include "eval/cutoffs.h"
#include "eval/evaluator.h"
#include "model/model.h"
#include "train/best_model.h"
#include "train/checkpoint.h"
#include "train/checkpoint_saver.h"
#include "train/epoch_plan.h"
#include "train/examples.h"
#include "train/learned_rows.h"
#include "train/loss_meter.h"
#include "train/metrics_log.h"
#include "train/observer.h"
#include "train/optimizer.h"
#include "train/past_events.h"
#include "train/rank_agreement.h"
#include "train/recorded_steps.h"
#include "train/run_directory.h"
#include "train/sampled_steps.h"
#include "train/sharded_steps.h"
#include "train/stopwatch.h"
#include "train/teacher.h"
#include "train/train_config.h"

namespace elastic::train {

/// A training that validates nothing and keeps its last model.
struct FixedEpochs {
  std::int64_t epochs = 0;
  std::string metric;  ///< the metric of another training that chose the number; "": none did
  double metric_value = 0.0;
};

struct TrainerOptions {
  bool resume = false;               ///< continue from the run's checkpoint, if it has one
  std::string data_hash;             ///< of data and split; a run resumes only with the same hash
  const Teacher* teacher = nullptr;  ///< that of LossOptions::teacher; must outlive the trainer
  RunIdentity identity{};            ///< written to the model and the checkpoints
  std::string item_encoding{};       ///< as in SavedModelInfo; written to the model
  double report_every_s = 0.25;
  eval::EvalOptions evaluation;  ///< on the validation split
  eval::Cutoffs cutoffs{};       ///< of its metrics, besides that of the stop metric
  /// Train for this many epochs instead of validating; the schedule of the learning rate keeps
  /// the config's epochs.
  std::optional<FixedEpochs> fixed{};
  /// Sets the moments of a run that has no checkpoint; the model's weights are the caller's.
  std::function<void(Optimizer&)> start{};
  /// Once it is not 0: save and return after the current step.
  const std::atomic<int>* stop = nullptr;
  /// Once it is true: save after the current step, set it to false and continue.
  std::atomic<bool>* save_now = nullptr;
  /// The processes that share the training, at most as many as shards; null: this one alone. All
  /// have the same arguments and weights. The first one writes the files, reports, and decides when
  /// time is over; `stop` and `save_now` of any count for all.
  dist::Communicator* ranks = nullptr;
};

enum class Status {
  kFinished,      ///< all epochs
  kEarlyStopped,  ///< no better epoch in `patience` evaluations
  kOutOfTime,     ///< max_time_s reached; resume with a larger one
  kOutOfTokens,   ///< max_tokens reached; resume with a larger one
  kStopped,       ///< by the `stop` flag; can be resumed
};
const char* name_of(Status status);

struct TrainResult {
  Status status = Status::kFinished;
  std::int64_t num_epochs = 0;  ///< finished epochs
  std::int64_t num_steps = 0;
  std::int64_t best_epoch = 0;  ///< from 1; 0: none, and no model was saved
  double best_metric = 0.0;
  double elapsed_s = 0.0;  ///< of the whole run, across all interruptions
  int stop = 0;            ///< kStopped: the value of the flag, of any rank
};

class Trainer {
 public:
  /// All references must outlive the trainer. On resuming, the model's weights are replaced by
  /// those of the checkpoint. Throws UsageError, CheckpointError, or DataError if there are no
  /// events to train on, or none to validate with and the epochs are not fixed.
  Trainer(Model& model,
          const data::Split& split,
          const TrainConfig& config,
          const RunDirectory& run,
          TrainerOptions options = {},
          TrainObserver observer = {});

  /// Trains until done or interrupted, and saves the state before it returns. The model then has
  /// the latest weights, the run directory the best ones. Throws NotANumberError naming step and
  /// parameter if the loss or a gradient is not finite; the saved files stay as they were.
  TrainResult run();
  /// Steps of the whole run so far, including those before a resume.
  [[nodiscard]] std::int64_t num_steps() const { return state_.num_steps; }
  /// Writes a checkpoint; returns once it is on the disk.
  void save();

 private:
  [[nodiscard]] std::int64_t num_epochs() const {
    return options_.fixed ? options_.fixed->epochs : config_.epochs;
  }
  [[nodiscard]] bool done() const;
  [[nodiscard]] bool writes() const {
    return options_.ranks == nullptr || options_.ranks->is_first();
  }
  // Of all ranks, before a step.
  [[nodiscard]] Requests requests() const;
  [[nodiscard]] std::optional<Status> interruption(const Requests& requests) const;
  [[nodiscard]] TrainResult result(Status status, int stop = 0) const;
  [[nodiscard]] double current_learning_rate() const;
  [[nodiscard]] std::string teacher_identity() const {
    return options_.teacher == nullptr ? "" : options_.teacher->identity();
  }
  [[nodiscard]] Tensor past_items() const { return past_.has_value() ? past_->items() : Tensor(); }
  void begin_epoch();
  void step();
  // Forward, backward and update; returns the loss [].
  Tensor take_step(const StepParts& parts, const ForwardMode& mode);
  void finish_epoch();
  void evaluate();
  // Evaluates, or saves the model of a training with fixed epochs.
  void finish_unfinished();
  void keep_model(std::int64_t epoch, const std::string& metric, double value);
  void report_progress();
  // Adds the time since the last call to the steps.
  void count_step_time();
  // Reads the guard and the losses from the device, so that only finite numbers are reported or
  // saved.
  void read_device();
  // Begins to write a checkpoint of now. To be finished before the best model changes.
  void begin_save();
  // Waits until the checkpoint in progress is on the disk. Throws if it cannot be written.
  void finish_save();
  void settle_save();
  void save_if_due();
  void write_checkpoint();

  Model& model_;
  const data::Split& split_;
  const TrainConfig config_;
  const RunDirectory& run_;
  const TrainerOptions options_;
  const TrainObserver observer_;
  const Device device_;
  ExampleOptions example_options_;
  std::vector<std::int64_t> lengths_;  ///< of the users' training sequences

  Optimizer optimizer_;
  LearnedRows learned_rows_;
  std::optional<PastEvents> past_;  ///< if the softmax loss leaves seen items out
  std::optional<RecordedSteps> recorded_;
  std::optional<SampledSteps> sampled_;
  std::optional<ShardedSteps> sharded_;  ///< with several shards
  TrainState state_;
  BestModel best_model_;
  CheckpointSaver saver_;
  bool save_was_asked_ = false;  ///< the latest one, by TrainerOptions::save_now
  std::int64_t saved_step_ = 0;  ///< of the latest one
  std::optional<MetricsLog> log_;
  LossMeter loss_;

  EpochPlan plan_;                    ///< of the current epoch
  std::int64_t recent_examples_ = 0;  ///< since the last report, as are the next two
  std::int64_t recent_tokens_ = 0;
  double recent_step_s_ = 0.0;  ///< of the steps alone
  Stopwatch clock_;
  Stopwatch since_report_;
  Stopwatch since_save_;
  double evaluation_s_ = 0.0;  ///< duration of the latest evaluation
};

}  // namespace elastic::train

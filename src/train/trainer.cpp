#include "train/trainer.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "eval/evaluator.h"
#include "eval/repeats.h"
#include "eval/required_times.h"
#include "eval/user_metric.h"
#include "tensor/threads.h"
#include "train/metrics_events.h"
#include "train/remaining_time.h"
#include "train/resolved_loss.h"
#include "train/saved_model.h"
#include "train/schedule.h"
#include "train/training_step.h"

namespace elastic::train {
namespace {

const Tensor& any_weight(const Model& model) {
  return model.item_table().value();
}

std::vector<std::int64_t> training_lengths(const data::Split& split, bool validates) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t user = 0; user < split.num_users(); ++user) {
    lengths.push_back(static_cast<std::int64_t>(split.train_sequence(user).size()));
  }
  if (std::none_of(lengths.begin(), lengths.end(), [](std::int64_t n) { return n >= 2; })) {
    throw DataError("train: no user has two training events, so there is nothing to learn from");
  }
  if (validates && split.eval_users(data::Subset::kValidation).empty()) {
    throw DataError("train: no user has a validation event, so there is no best epoch to choose");
  }
  return lengths;
}

double share(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

const char* name_of(Status status) {
  switch (status) {
    case Status::kFinished:
      return "finished";
    case Status::kEarlyStopped:
      return "early-stopped";
    case Status::kOutOfTime:
      return "out-of-time";
    case Status::kOutOfTokens:
      return "out-of-tokens";
    case Status::kStopped:
      return "stopped";
  }
  return "unknown";
}

Trainer::Trainer(Model& model,
                 const data::Split& split,
                 const TrainConfig& config,
                 const RunDirectory& run,
                 TrainerOptions options,
                 TrainObserver observer)
    : model_(model),
      split_(split),
      config_(resolved(config, options.evaluation.rules.filter_seen, split)),
      run_(run),
      options_(std::move(options)),
      observer_(std::move(observer)),
      device_(any_weight(model).device()),
      example_options_{supervision_for(config.targets, model),
                       config.targets.cuts,
                       model.config().history_len(),
                       model.config().window_len(),
                       config.targets.window_targets,
                       static_cast<std::uint64_t>(config.seed),
                       model.config().time_features},
      lengths_(training_lengths(split, !options_.fixed)),
      optimizer_(model.parameters(), config),
      learned_rows_(model, split, config.vectors.id_dropout, example_options_.seed),
      best_model_(run, options_.identity.run),
      loss_(any_weight(model).dtype(), device_) {
  eval::require_times(model_.config(), split_.dataset());
  check_recordable(config_, example_options_.supervision, model_);
  check_shardable(config_, model_);
  ELASTIC_CHECK(config_.loss.teacher.empty() == (options_.teacher == nullptr),
                "a teacher needs its option, and the option a teacher");
  if (config_.threads > 0) {
    set_num_threads(static_cast<int>(config_.threads));
  }
  if (config_.loss.kind != LossKind::kSoftmax) {
    sampled_.emplace(model_, optimizer_, split_, config_);
  } else if (config_.loss.train_seen == TrainSeen::kExclude) {
    past_.emplace(split_, device_);
  }
  if (config_.shards > 1) {
    sharded_.emplace(model_,
                     optimizer_,
                     split_,
                     example_options_,
                     StepLosses{sampled_.has_value() ? &*sampled_ : nullptr,
                                past_.has_value() ? &*past_ : nullptr,
                                options_.teacher},
                     options_.ranks);
  }
  if (config_.cuda_graphs) {
    recorded_.emplace(model_, optimizer_, past_items());
  }
  if (options_.resume && run_.has_checkpoint()) {
    state_ = load_checkpoint(run_.checkpoint_path(),
                             model_,
                             optimizer_,
                             config_,
                             options_.data_hash,
                             options_.identity.run,
                             teacher_identity());
    if (writes()) {
      best_model_.go_back_to(state_.best_epoch, state_.best_metric);
    }
  } else {
    if (options_.start) {
      options_.start(optimizer_);
    }
    learned_rows_.clear_untrained(model_, optimizer_);
  }
  optimizer_.before_update([this](const RowGradient* rows) {
    const bool by_rows = rows != nullptr && model_.item_table().is(rows->parameter);
    saver_.before_update(by_rows ? &rows->rows : nullptr);
  });
  if (writes()) {
    log_.emplace(run_.metrics_path(), state_.metrics_bytes, state_.metrics_checksum);
    log_->listen(observer_.line);
  }
  if (options_.ranks != nullptr) {
    require_same_state(*options_.ranks, state_, run_.checkpoint_path());
  }
}

TrainResult Trainer::run() {
  clock_.lap();
  while (!done()) {
    begin_epoch();
    for (;;) {
      const Requests requests = this->requests();
      if (const std::optional<Status> status = interruption(requests)) {
        save();
        if (status != Status::kStopped) {
          finish_unfinished();  // not part of the saved state: a resumed run skips it
        }
        return result(*status, requests.stop);
      }
      if (requests.save) {
        begin_save();
      }
      if (state_.next_batch == plan_.num_steps()) {
        break;
      }
      step();
    }
    finish_epoch();
  }
  finish_save();
  const bool all_epochs = state_.epoch >= num_epochs();
  return result(all_epochs ? Status::kFinished : Status::kEarlyStopped);
}

bool Trainer::done() const {
  const std::int64_t patience = config_.limits.patience;
  return state_.epoch >= num_epochs() ||
         (patience > 0 && state_.evaluations_since_best >= patience);
}

Requests Trainer::requests() const {
  Requests mine;
  mine.stop = options_.stop == nullptr ? 0 : options_.stop->load(std::memory_order_relaxed);
  mine.out_of_time =
      writes() && config_.limits.max_time_s > 0.0 && state_.elapsed_s >= config_.limits.max_time_s;
  if (options_.ranks == nullptr) {
    return mine;  // step() saves
  }
  mine.save = options_.save_now != nullptr && options_.save_now->load();
  options_.ranks->describe(concat("requests before step ", state_.num_steps + 1));
  return agree(*options_.ranks, mine);
}

std::optional<Status> Trainer::interruption(const Requests& requests) const {
  if (requests.stop != 0) {
    return Status::kStopped;
  }
  const bool out_of_tokens =
      config_.limits.max_tokens > 0 && state_.num_tokens >= config_.limits.max_tokens;
  if ((requests.out_of_time || out_of_tokens) && state_.next_batch < plan_.num_steps()) {
    return out_of_tokens ? Status::kOutOfTokens : Status::kOutOfTime;
  }
  return std::nullopt;
}

TrainResult Trainer::result(Status status, int stop) const {
  return {status,
          state_.epoch,
          state_.num_steps,
          state_.best_epoch,
          std::max(0.0, state_.best_metric),
          state_.elapsed_s,
          stop};
}

void Trainer::begin_epoch() {
  plan_ = EpochPlan(lengths_, example_options_, config_, state_.epoch);
  if (state_.next_batch > plan_.num_steps()) {
    throw CheckpointError(run_.checkpoint_path(),
                          ": the training state is at batch ",
                          state_.next_batch,
                          " of an epoch of ",
                          plan_.num_steps());
  }
  loss_.epoch = state_.epoch_loss;
}

void Trainer::step() {
  const StepParts parts = plan_.step(state_.next_batch);
  const StepCounts counts = count(parts);
  ++state_.num_steps;
  ++state_.next_batch;

  ForwardMode mode;
  mode.training = true;
  mode.seed = example_options_.seed;
  mode.step = static_cast<std::uint32_t>(state_.num_steps);
  mode.learned_rows = learned_rows_.of(mode.step);
  loss_.add(take_step(parts, mode), counts.targets);
  state_.num_targets += counts.targets;
  state_.num_tokens += counts.tokens;

  recent_examples_ += counts.examples;
  recent_tokens_ += counts.tokens;
  count_step_time();
  if (observer_.step) {
    observer_.step(state_.num_steps);
  }
  if (since_report_.peek() >= options_.report_every_s) {
    report_progress();
  }
  save_if_due();
}

void Trainer::count_step_time() {
  const double seconds = clock_.lap();
  state_.elapsed_s += seconds;
  state_.epoch_seconds += seconds;
  recent_step_s_ += seconds;
}

Tensor Trainer::take_step(const StepParts& parts, const ForwardMode& mode) {
  const double rate = current_learning_rate();
  if (sharded_.has_value()) {
    return sharded_->run(parts, mode, rate);
  }
  const std::span<const Example> examples = parts.front();
  HostBatch input = collect_batch(split_, examples, example_options_);
  if (past_.has_value()) {
    input.past = past_->before_targets(examples);
  }
  const Supervision supervision = example_options_.supervision;
  if (recorded_.has_value()) {
    return recorded_->run(input, mode, rate);
  }
  if (sampled_.has_value()) {
    return sampled_->run(input, examples, supervision, mode, rate);
  }
  return training_step(model_,
                       optimizer_,
                       upload(input, device_, past_items()),
                       supervision,
                       mode,
                       rate,
                       options_.teacher);
}

// The rate of the step that `state_` counted last, hence the same after a resume.
double Trainer::current_learning_rate() const {
  const double epochs_done =
      static_cast<double>(state_.epoch) + share(state_.next_batch - 1, plan_.num_steps());
  return learning_rate(
      config_.optimizer, state_.num_steps, epochs_done / static_cast<double>(config_.epochs));
}

void Trainer::read_device() {
  optimizer_.require_finite();
  loss_.read();
}

void Trainer::report_progress() {
  read_device();
  count_step_time();  // the device's part of the steps
  since_report_.lap();
  const double seconds = std::max(recent_step_s_, 1e-9);
  if (observer_.progress) {
    Progress progress;
    progress.epoch = state_.epoch + 1;
    progress.num_epochs = num_epochs();
    progress.step = state_.next_batch;
    progress.steps_per_epoch = plan_.num_steps();
    progress.loss = loss_.recent.mean();
    progress.learning_rate = current_learning_rate();
    progress.examples_per_s = static_cast<double>(recent_examples_) / seconds;
    progress.tokens_per_s = static_cast<double>(recent_tokens_) / seconds;
    const RunPace pace{state_.epoch,
                       state_.next_batch,
                       plan_.num_steps(),
                       state_.num_tokens,
                       state_.elapsed_s,
                       state_.epoch_seconds,
                       evaluation_s_,
                       progress.tokens_per_s};
    progress.epoch_eta_s = epoch_remaining_s(pace);
    TrainConfig planned = config_;
    planned.epochs = num_epochs();
    progress.run_eta_s = run_remaining_s(planned, pace);
    progress.memory = backend_for(device_).allocator().report();
    observer_.progress(progress);
  }
  loss_.recent = {};
  recent_examples_ = 0;
  recent_tokens_ = 0;
  recent_step_s_ = 0.0;
}

void Trainer::finish_epoch() {
  read_device();
  count_step_time();
  EpochReport report;
  report.epoch = state_.epoch + 1;
  report.num_steps = plan_.num_steps();
  const StepCounts counts = plan_.counts();
  report.num_examples = counts.examples;
  report.num_tokens = counts.tokens;
  report.num_targets = loss_.epoch.num_targets;
  report.loss = loss_.epoch.mean();
  report.learning_rate = current_learning_rate();
  report.seconds = state_.epoch_seconds;
  if (writes()) {
    log_->write(epoch_event(report, state_, config_.loss));
  }
  if (observer_.epoch) {
    observer_.epoch(report);
  }
  const bool last = report.epoch == num_epochs();
  if (options_.fixed && last) {
    keep_model(report.epoch, options_.fixed->metric, options_.fixed->metric_value);
  } else if (!options_.fixed && (report.epoch % config_.limits.eval_every == 0 || last)) {
    evaluate();
  }
  state_.epoch = report.epoch;
  state_.next_batch = 0;
  state_.epoch_loss = {};
  state_.epoch_seconds = 0.0;
  loss_.epoch = {};
  begin_save();
}

void Trainer::evaluate() {
  read_device();
  eval::EvalOptions evaluation = options_.evaluation;
  evaluation.max_users = config_.limits.eval_users;
  evaluation.users_seed = example_options_.seed;
  evaluation.ranks = options_.ranks;
  const eval::Ranking ranking =
      eval::rank_users(model_, split_, data::Subset::kValidation, evaluation);
  EvaluationReport report;
  report.epoch = state_.epoch + 1;
  const eval::UserMetric stop_metric = *eval::find_user_metric(config_.limits.stop_metric);
  report.metrics = eval::all_metrics(ranking.ranks, options_.cutoffs.with(stop_metric.cutoff));
  report.num_users = std::ssize(ranking.users);
  report.targets = ranking.targets_before_rules;
  report.metrics_by_repeat = eval::metrics_by_repeat(ranking);
  report.experts = ranking.experts;
  report.metric = config_.limits.stop_metric;
  const double value = eval::value_of(report.metrics, report.metric);
  report.best = value > state_.best_metric;
  if (report.best) {
    keep_model(report.epoch, report.metric, value);
    state_.evaluations_since_best = 0;
  } else {
    ++state_.evaluations_since_best;
  }
  report.seconds = clock_.lap();
  state_.elapsed_s += report.seconds;
  evaluation_s_ = report.seconds;

  if (writes()) {
    log_->write(evaluation_event(report, state_));
  }
  if (observer_.evaluation) {
    observer_.evaluation(report);
  }
  state_.elapsed_s += clock_.lap();  // not a part of the next step
}

void Trainer::finish_unfinished() {
  const bool within_epoch = state_.next_batch > 0;
  if (options_.fixed) {
    read_device();
    keep_model(state_.epoch + (within_epoch ? 1 : 0), "", 0.0);
  } else if (within_epoch) {
    evaluate();
  }
}

void Trainer::keep_model(std::int64_t epoch, const std::string& metric, double value) {
  finish_save();  // that checkpoint refers to the former best model
  state_.best_metric = value;
  const std::int64_t former_epoch = std::exchange(state_.best_epoch, epoch);
  if (!writes()) {
    return;
  }
  best_model_.replace(model_,
                      {example_options_.seed,
                       epoch,
                       metric,
                       value,
                       options_.data_hash,
                       choice_name(config_.loss.kind),
                       choice_name(config_.loss.train_seen),
                       split_.refit() == data::Refit::kNone ? "" : choice_name(split_.refit()),
                       options_.identity,
                       teacher_identity(),
                       options_.item_encoding},
                      former_epoch);
}

void Trainer::save() {
  begin_save();
  finish_save();
}

void Trainer::begin_save() {
  finish_save();
  read_device();
  state_.epoch_loss = loss_.epoch;
  save_was_asked_ = options_.save_now != nullptr && options_.save_now->exchange(false);
  saved_step_ = state_.num_steps;
  if (writes()) {
    write_checkpoint();
  }
  since_save_.lap();
  state_.elapsed_s += clock_.lap();  // not a part of the next step
}

void Trainer::write_checkpoint() {
  log_->sync();
  state_.metrics_bytes = log_->bytes();
  state_.metrics_checksum = log_->checksum();
  saver_.begin(run_.checkpoint_path(),
               checkpoint_content(model_,
                                  optimizer_,
                                  config_,
                                  options_.data_hash,
                                  state_,
                                  options_.identity.run,
                                  teacher_identity()));
  if (!saver_.in_progress()) {
    settle_save();
  }
}

void Trainer::finish_save() {
  if (saver_.in_progress()) {
    saver_.finish();
    settle_save();
  }
}

void Trainer::settle_save() {
  best_model_.settle();
  if (save_was_asked_ && observer_.saved) {
    observer_.saved(saved_step_);
  }
}

void Trainer::save_if_due() {
  if (!writes() || !saver_.is_done()) {
    return;
  }
  finish_save();
  // At most save_every_s may be lost, so the time of an upcoming evaluation counts beforehand.
  const bool epoch_ends = state_.next_batch == plan_.num_steps();
  const double due_s = since_save_.peek() + (epoch_ends ? evaluation_s_ : 0.0);
  const bool asked =
      options_.ranks == nullptr && options_.save_now != nullptr && options_.save_now->load();
  if (asked || due_s >= config_.limits.save_every_s) {
    begin_save();
  }
}

}  // namespace elastic::train

// How a model is trained: every option declared once with its name, meaning and default.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "model/model.h"
#include "train/train_choices.h"

namespace elastic::train {

struct OptimizerOptions {
  double learning_rate = 1e-3;
  OptimizerRule rule = OptimizerRule::kAdam;
  double weight_decay = 0.0;
  std::int64_t warmup_steps = 0;
  Schedule schedule = Schedule::kConstant;
  double clip_norm = 0.0;

  bool operator==(const OptimizerOptions&) const = default;
};

struct LossOptions {
  LossKind kind = LossKind::kSoftmax;
  std::int64_t negatives = 256;
  NegativeSampling negative_sampling = NegativeSampling::kUniform;
  double gbce_t = 0.75;
  ItemUpdates item_updates = ItemUpdates::kAuto;

  bool operator==(const LossOptions&) const = default;
};

/// Which events of a user a step predicts.
struct TargetOptions {
  SupervisionChoice supervision = SupervisionChoice::kAuto;
  std::int64_t window_targets = 0;
  Cuts cuts{};

  bool operator==(const TargetOptions&) const = default;
};

/// When to evaluate, to save and to stop.
struct LimitOptions {
  std::int64_t patience = 10;
  std::int64_t eval_every = 1;
  double save_every_s = 60.0;
  double max_time_s = 0.0;
  std::int64_t max_tokens = 0;

  bool operator==(const LimitOptions&) const = default;
};

struct TrainConfig {
  std::int64_t epochs = 100;
  std::int64_t batch_size = 128;
  std::int64_t batch_tokens = 0;
  OptimizerOptions optimizer{};
  LossOptions loss{};
  std::int64_t seed = 42;
  TargetOptions targets{};
  LimitOptions limits{};
  std::int64_t threads = 0;
  bool cuda_graphs = false;

  bool operator==(const TrainConfig&) const = default;
};

namespace options {

template <class Options, class Visitor>
void visit_optimizer(Options& options, Visitor&& visitor) {
  visitor("learning_rate", options.learning_rate, "peak learning rate");
  visitor("optimizer", options.rule, "update rule");
  visitor("weight_decay", options.weight_decay, "decoupled weight decay of adamw");
  visitor("warmup_steps", options.warmup_steps, "steps of linear warm-up of the learning rate");
  visitor("schedule", options.schedule, "learning rate after the warm-up");
  visitor("clip_norm", options.clip_norm, "largest norm of all gradients together; 0: no clipping");
}

template <class Options, class Visitor>
void visit_loss(Options& options, Visitor&& visitor) {
  visitor("loss", options.kind, "what training minimises");
  visitor("negatives",
          options.negatives,
          "items that a target is told from, all but the softmax loss; drawn once a step");
  visitor("negative_sampling", options.negative_sampling, "how negatives are drawn");
  visitor("gbce_t",
          options.gbce_t,
          "gbce: how far the overconfidence of drawn negatives is undone, 0 (bce) to 1");
  visitor("item_updates", options.item_updates, "which items Adam moves");
}

template <class Options, class Visitor>
void visit_targets(Options& options, Visitor&& visitor) {
  visitor("supervision", options.supervision, "positions with a loss");
  visitor(
      "window_targets",
      options.window_targets,
      "supervision window: targets a pass, fewer than --window give each one more events that it "
      "attends to exactly; 0: all of the window");
  visitor("cuts", options.cuts, "what an epoch visits of a user");
}

template <class Options, class Visitor>
void visit_limits(Options& options, Visitor&& visitor) {
  visitor("patience", options.patience, "evaluations without a better NDCG@10 before stopping");
  visitor("eval_every", options.eval_every, "epochs between evaluations of the validation split");
  visitor("save_every_s",
          options.save_every_s,
          "seconds between checkpoints within an epoch; each epoch's end is saved too");
  visitor("max_time_s", options.max_time_s, "stop training after this many seconds; 0: no limit");
  visitor("max_tokens",
          options.max_tokens,
          "stop training after the step that has read so many input tokens; 0: no limit");
}

}  // namespace options

/// Calls visitor(name, field, help) for every option of the config, in the order of the help. The
/// help of a choice says what is chosen; the choices themselves are in its table. `Config` is
/// TrainConfig or const TrainConfig.
template <class Config, class Visitor>
void visit_options(Config& config, Visitor&& visitor) requires
    std::is_same_v<std::remove_const_t<Config>, TrainConfig> {
  visitor("epochs", config.epochs, "passes over the training data, at most");
  visitor("batch_size", config.batch_size, "sequences per step");
  visitor("batch_tokens",
          config.batch_tokens,
          "cut batches by this many tokens instead of by sequences; 0: off");
  options::visit_optimizer(config.optimizer, visitor);
  options::visit_loss(config.loss, visitor);
  visitor("seed", config.seed, "of weights, order of examples, cuts, dropout and negatives");
  options::visit_targets(config.targets, visitor);
  options::visit_limits(config.limits, visitor);
  visitor("threads", config.threads, "CPU threads; 0: all cores");
  visitor(
      "cuda_graphs",
      config.cuda_graphs,
      "record each step's kernels once per batch size and start them with one call (device cuda, "
      "supervision last): for small batches");
}

/// More would cost more than all items of most catalogues.
inline constexpr std::int64_t kMaxNegatives = std::int64_t{1} << 16;

/// Throws UsageError naming the option, the value and what is allowed.
void check(const TrainConfig& config);

/// At which positions of an example the loss stands: the last one, all, or the latest `window`.
enum class Supervision { kLast, kAll, kWindow };

/// The choice made definite for a model. Throws UsageError where the model lacks it, where `all`
/// would leak the label, and where `window_targets` does not fit.
Supervision supervision_for(const TargetOptions& options, const Model& model);

/// Throws UsageError where `cuda_graphs` is on and the steps cannot be recorded: for the
/// supervision, the model or its device.
void check_recordable(const TrainConfig& config, Supervision supervision, const Model& model);

}  // namespace elastic::train

// The options of training, each declared once with its name, meaning and default.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "base/option_range.h"
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
  TrainSeen train_seen = TrainSeen::kAuto;
  std::int64_t negatives = 0;  ///< 0: negatives_of the loss
  NegativeSampling negative_sampling = NegativeSampling::kUniform;
  double gbce_t = 0.75;
  ItemUpdates item_updates = ItemUpdates::kAuto;
  std::string teacher;  ///< RUN1,RUN2,..: trained runs; empty: none
  double teacher_weight = 0.5;
  double teacher_temperature = 1.0;

  bool operator==(const LossOptions&) const = default;
};

/// Items described by features, besides their learned rows.
struct ItemVectorOptions {
  std::string file;  ///< empty: none
  double id_dropout = 0.0;

  bool operator==(const ItemVectorOptions&) const = default;
};

/// The events of a user that a step predicts.
struct TargetOptions {
  SupervisionChoice supervision = SupervisionChoice::kAuto;
  std::int64_t window_targets = 0;
  Cuts cuts{};

  bool operator==(const TargetOptions&) const = default;
};

/// The times to evaluate, to save and to stop.
struct LimitOptions {
  std::string stop_metric = "NDCG@10";
  std::int64_t patience = 10;
  std::int64_t eval_every = 1;
  std::int64_t eval_users = 0;  ///< 0: all
  double save_every_s = 60.0;
  double max_time_s = 0.0;
  std::int64_t max_tokens = 0;

  bool operator==(const LimitOptions&) const = default;
};

struct TrainConfig {
  std::int64_t epochs = 100;
  std::int64_t batch_size = 128;
  std::int64_t batch_tokens = 0;
  std::int64_t shards = 1;
  OptimizerOptions optimizer{};
  LossOptions loss{};
  ItemVectorOptions vectors{};
  std::int64_t seed = 42;
  TargetOptions targets{};
  LimitOptions limits{};
  std::int64_t threads = 0;
  bool cuda_graphs = false;

  bool operator==(const TrainConfig&) const = default;
};

/// The most sequences of a step.
inline constexpr std::int64_t kMaxBatch = std::int64_t{1} << 24;
/// The most shards of a run: a dropout mask has 16 bits for the number of its shard.
inline constexpr std::int64_t kMaxShards = std::int64_t{1} << 16;
/// More negatives would cost more than all items of most catalogues.
inline constexpr std::int64_t kMaxNegatives = std::int64_t{1} << 16;

namespace options {

template <class Options, class Visitor>
void visit_optimizer(Options& options, Visitor&& visitor) {
  visitor("learning_rate", options.learning_rate, "peak learning rate", kPositive);
  visitor("optimizer", options.rule, "update rule");
  visitor("weight_decay", options.weight_decay, "decoupled weight decay of adamw", RealRange{});
  visitor("warmup_steps",
          options.warmup_steps,
          "steps of linear warm-up of the learning rate",
          counts_from(0));
  visitor("schedule", options.schedule, "learning rate after the warm-up");
  visitor(
      "clip_norm", options.clip_norm, "maximum norm of all gradients; 0: no clipping", RealRange{});
}

template <class Options, class Visitor>
void visit_loss(Options& options, Visitor&& visitor) {
  visitor("loss", options.kind, "loss function");
  visitor("train_seen", options.train_seen, "items that the user had before a target, in its loss");
  visitor("negatives",
          options.negatives,
          "negative items per target, drawn once per step; 0: 4,096 with sampled-softmax, 256 with "
          "bce and gbce, none with softmax",
          Range{0, kMaxNegatives});
  visitor("negative_sampling", options.negative_sampling, "distribution of the negatives");
  visitor("gbce_t",
          options.gbce_t,
          "gbce: strength of the correction, from 0 (bce) to 1",
          RealRange{.low = 0.0, .high = 1.0});
  visitor("item_updates", options.item_updates, "item embeddings that a step updates");
  visitor("teacher",
          options.teacher,
          "learn also from the scores of a trained run; of RUN1,RUN2,.. from their mean; loss "
          "softmax");
  visitor("teacher_weight",
          options.teacher_weight,
          "share of the divergence from the teacher in the loss",
          RealRange{.low = 0.0, .high = 1.0});
  visitor("teacher_temperature",
          options.teacher_temperature,
          "temperature of the softmax that the divergence compares",
          kPositive);
}

template <class Options, class Visitor>
void visit_vectors(Options& options, Visitor&& visitor) {
  visitor(
      "item_vectors",
      options.file,
      "add a projection of these features to the items: a table with a header, JSON lines, .npy or "
      "safetensors");
  visitor("id_dropout",
          options.id_dropout,
          "item_vectors: share of the items that a step knows by their features alone",
          RealRange{.low = 0.0, .high = 1.0});
}

template <class Options, class Visitor>
void visit_targets(Options& options, Visitor&& visitor) {
  visitor("supervision", options.supervision, "positions with a loss");
  visitor(
      "window_targets",
      options.window_targets,
      "supervision window: targets per pass; with fewer than --window, each target attends to more "
      "events exactly; 0: the whole window",
      Range{0, kMaxLength});
  visitor("cuts", options.cuts, "training examples per user and epoch");
}

template <class Options, class Visitor>
void visit_limits(Options& options, Visitor&& visitor) {
  visitor("stop_metric",
          options.stop_metric,
          "metric of the validation split that selects the best epoch and stops the training");
  visitor("patience",
          options.patience,
          "stop after this many evaluations without a better --stop-metric; 0: never",
          counts_from(0));
  visitor("eval_every",
          options.eval_every,
          "epochs between evaluations of the validation split",
          counts_from(1));
  visitor("eval_users",
          options.eval_users,
          "users of the validation split to evaluate, drawn by the seed; 0: all",
          counts_from(0));
  visitor("save_every_s",
          options.save_every_s,
          "seconds between checkpoints within an epoch; each epoch's end is saved too",
          kSeconds);
  visitor("max_time_s",
          options.max_time_s,
          "stop training after this many seconds; 0: no limit",
          kSeconds);
  visitor("max_tokens",
          options.max_tokens,
          "stop training once it has read this many input tokens; 0: no limit",
          Range{});
}

}  // namespace options

/// Calls visitor(name, field, help, facts...) for every option of the config, in the order of the
/// help. The facts are the Range or RealRange of a number. The help of a choice names its subject;
/// the choices themselves are in its table. `Config` is TrainConfig or const TrainConfig.
template <class Config, class Visitor>
void visit_options(Config& config, Visitor&& visitor) requires
    std::is_same_v<std::remove_const_t<Config>, TrainConfig> {
  visitor(
      "epochs", config.epochs, "maximum number of passes over the training data", counts_from(1));
  visitor("batch_size", config.batch_size, "sequences per step", Range{1, kMaxBatch});
  visitor("batch_tokens",
          config.batch_tokens,
          "tokens per step, instead of --batch-size sequences; 0: off",
          counts_from(0));
  visitor("shards",
          config.shards,
          "parts of a step, each of its own users; up to as many processes can share the training",
          Range{1, kMaxShards});
  options::visit_optimizer(config.optimizer, visitor);
  options::visit_loss(config.loss, visitor);
  options::visit_vectors(config.vectors, visitor);
  visitor("seed",
          config.seed,
          "seed of weights, order of examples, cuts, dropout and negatives",
          Range{});
  options::visit_targets(config.targets, visitor);
  options::visit_limits(config.limits, visitor);
  visitor("threads", config.threads, "CPU threads; 0: all cores", kThreadCounts);
  visitor(
      "cuda_graphs",
      config.cuda_graphs,
      "record the kernels of a step once per batch size and replay them with one call: faster for "
      "small batches (device cuda, supervision last)");
}

/// Throws UsageError naming the option, the value and what is allowed.
void check(const TrainConfig& config);

/// The positions of an example that have a loss: the last one, all, or the latest `window`.
enum class Supervision { kLast, kAll, kWindow };

/// The supervision of a model, with auto resolved. Throws UsageError if the model does not support
/// the choice, `all` would leak the label, or `window_targets` is invalid.
Supervision supervision_for(const TargetOptions& options, const Model& model);

/// Throws UsageError if `cuda_graphs` is on and the supervision, the model or its device does not
/// allow recording the steps.
void check_recordable(const TrainConfig& config, Supervision supervision, const Model& model);

/// Throws UsageError if `shards` is above 1 and the model learns from the statistics of a batch,
/// which the passes of the shards do not share.
void check_shardable(const TrainConfig& config, const Model& model);

}  // namespace elastic::train

// How a model is trained: every option declared once with its name, meaning and default.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "model/model.h"

namespace elastic::train {

struct TrainConfig {
  std::int64_t epochs = 100;
  std::int64_t batch_size = 128;
  std::int64_t batch_tokens = 0;
  double learning_rate = 1e-3;
  std::string optimizer = "adam";
  double weight_decay = 0.0;
  std::int64_t warmup_steps = 0;
  std::string schedule = "constant";
  double clip_norm = 0.0;
  std::string loss = "softmax";
  std::int64_t negatives = 256;
  std::string negative_sampling = "uniform";
  double gbce_t = 0.75;
  std::string item_updates = "auto";
  std::int64_t seed = 42;
  std::string supervision = "auto";
  std::int64_t window_targets = 0;
  std::string cuts = "auto";
  std::int64_t patience = 10;
  std::int64_t eval_every = 1;
  double save_every_s = 60.0;
  double max_time_s = 0.0;
  std::int64_t max_tokens = 0;
  std::int64_t threads = 0;
  bool cuda_graphs = false;

  bool operator==(const TrainConfig&) const = default;
};

/// Calls visitor(name, field, help) for every option of the config, in the order of the help.
/// `Config` is TrainConfig or const TrainConfig.
template <class Config, class Visitor>
void visit_options(Config& config, Visitor&& visitor) requires
    std::is_same_v<std::remove_const_t<Config>, TrainConfig> {
  visitor("epochs", config.epochs, "passes over the training data, at most");
  visitor("batch_size", config.batch_size, "sequences per step");
  visitor("batch_tokens",
          config.batch_tokens,
          "cut batches by this many tokens instead of by sequences; 0: off");
  visitor("learning_rate", config.learning_rate, "peak learning rate");
  visitor("optimizer", config.optimizer, "adam, or adamw (with weight_decay)");
  visitor("weight_decay", config.weight_decay, "decoupled weight decay of adamw");
  visitor("warmup_steps", config.warmup_steps, "steps of linear warm-up of the learning rate");
  visitor("schedule",
          config.schedule,
          "constant, or cosine: the learning rate falls to 0 over all epochs");
  visitor("clip_norm", config.clip_norm, "largest norm of all gradients together; 0: no clipping");
  visitor("loss",
          config.loss,
          "softmax (cross-entropy over all items), or against negatives drawn in each step: "
          "sampled-softmax, bce or gbce");
  visitor("negatives",
          config.negatives,
          "items that a target is told from, all but the softmax loss; drawn once a step");
  visitor("negative_sampling",
          config.negative_sampling,
          "uniform, or popularity: items are drawn as often as they occur in training");
  visitor("gbce_t",
          config.gbce_t,
          "gbce: how far the overconfidence of drawn negatives is undone, 0 (bce) to 1");
  visitor("item_updates",
          config.item_updates,
          "Adam moves rows (with drawn negatives: the items that a step names), all items, or auto "
          "(rows where the loss and the model allow)");
  visitor("seed", config.seed, "of weights, order of examples, cuts, dropout and negatives");
  visitor("supervision",
          config.supervision,
          "all (a loss at every position; causal models), window (at the latest --window ones; "
          "elastic-window), last (at the last one), or auto (the first of these that the model "
          "allows)");
  visitor(
      "window_targets",
      config.window_targets,
      "supervision window: targets a pass, fewer than --window give each one more events that it "
      "attends to exactly; 0: all of the window");
  visitor("cuts",
          config.cuts,
          "what an epoch visits of a user: all prefixes (with supervision all: windows that cover "
          "every event once), latest (only the latest), a number of them drawn at random, or auto "
          "(all)");
  visitor("patience", config.patience, "evaluations without a better NDCG@10 before stopping");
  visitor("eval_every", config.eval_every, "epochs between evaluations of the validation split");
  visitor("save_every_s",
          config.save_every_s,
          "seconds between checkpoints within an epoch; each epoch's end is saved too");
  visitor("max_time_s", config.max_time_s, "stop training after this many seconds; 0: no limit");
  visitor("max_tokens",
          config.max_tokens,
          "stop training after the step that has read so many input tokens; 0: no limit");
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

/// `supervision` made definite for a model. Throws UsageError where `all` would leak the label, and
/// where `cuda_graphs` does not fit it or the model's device.
Supervision supervision_for(const TrainConfig& config, const Model& model);

/// What an epoch visits of each user.
struct Cuts {
  enum class Kind { kAll, kLatest, kRandom };
  Kind kind = Kind::kAll;
  std::int64_t count = 0;  ///< of kRandom
};

/// Throws UsageError unless `cuts` is auto, all, latest or a positive integer.
Cuts parse_cuts(const std::string& cuts);

}  // namespace elastic::train

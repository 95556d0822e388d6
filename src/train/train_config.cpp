#include "train/train_config.h"

#include <charconv>
#include <cmath>
#include <initializer_list>

#include "base/error.h"

namespace elastic::train {
namespace {

constexpr std::int64_t kMaxCount = std::int64_t{1} << 31;

void check_range(const char* name, std::int64_t value, std::int64_t low) {
  if (value < low || value > kMaxCount) {
    throw UsageError(name, ": expected a whole number of at least ", low, ", got ", value);
  }
}

void check_range(const char* name, double value, double low) {
  if (!std::isfinite(value) || value < low) {
    throw UsageError(name, ": expected a number of at least ", low, ", got ", value);
  }
}

void check_choice(const char* name,
                  const std::string& value,
                  std::initializer_list<const char*> choices) {
  std::string expected;
  for (const char* choice : choices) {
    if (value == choice) {
      return;
    }
    expected += concat(expected.empty() ? "" : ", ", choice);
  }
  throw UsageError(name, ": expected one of ", expected, ", got '", value, "'");
}

// Of options that only some losses read: whoever set one expects that it does something.
template <class Value>
void check_unset(const char* name,
                 const Value& value,
                 const Value& unset,
                 const TrainConfig& config,
                 const char* losses) {
  if (value != unset) {
    throw UsageError(name,
                     ": it means nothing with loss ",
                     config.loss,
                     ", yet it was set to ",
                     value,
                     "; leave it out, or use loss ",
                     losses);
  }
}

void check_loss(const TrainConfig& config) {
  check_choice("loss", config.loss, {"softmax", "sampled-softmax", "bce", "gbce"});
  if (config.negatives < 1 || config.negatives > kMaxNegatives) {
    throw UsageError(
        "negatives: expected a whole number of 1 to ", kMaxNegatives, ", got ", config.negatives);
  }
  check_choice("negative_sampling", config.negative_sampling, {"uniform", "popularity"});
  if (!(config.gbce_t >= 0.0 && config.gbce_t <= 1.0)) {
    throw UsageError("gbce_t: expected a number of 0 to 1, got ", config.gbce_t);
  }
  check_choice("item_updates", config.item_updates, {"auto", "rows", "all"});
  const TrainConfig unset;
  if (config.loss == "softmax") {
    const char* losses = "sampled-softmax, bce or gbce";
    check_unset("negatives", config.negatives, unset.negatives, config, losses);
    check_unset(
        "negative_sampling", config.negative_sampling, unset.negative_sampling, config, losses);
    if (config.item_updates == "rows") {
      throw UsageError(
          "item_updates: expected all or auto with loss softmax, whose gradient concerns every "
          "item, got 'rows'; use loss ",
          losses);
    }
  }
  if (config.loss != "gbce") {
    check_unset("gbce_t", config.gbce_t, unset.gbce_t, config, "gbce");
  }
  if (config.cuda_graphs && config.loss != "softmax") {
    throw UsageError("--cuda-graphs: expected --loss softmax, got ",
                     config.loss,
                     ": the host draws the negatives of every step, so no step can be recorded");
  }
}

}  // namespace

void check(const TrainConfig& config) {
  check_range("epochs", config.epochs, 1);
  check_range("batch_size", config.batch_size, 1);
  check_range("batch_tokens", config.batch_tokens, 0);
  if (!(config.learning_rate > 0.0) || !std::isfinite(config.learning_rate)) {
    throw UsageError("learning_rate: expected a number above 0, got ", config.learning_rate);
  }
  check_choice("optimizer", config.optimizer, {"adam", "adamw"});
  check_range("weight_decay", config.weight_decay, 0.0);
  if (config.weight_decay != 0.0 && config.optimizer == "adam") {
    throw UsageError("weight_decay: expected 0 with optimizer adam, got ",
                     config.weight_decay,
                     "; use optimizer adamw");
  }
  check_range("warmup_steps", config.warmup_steps, 0);
  check_choice("schedule", config.schedule, {"constant", "cosine"});
  check_range("clip_norm", config.clip_norm, 0.0);
  check_loss(config);
  if (config.seed < 0) {
    throw UsageError("seed: expected a whole number of at least 0, got ", config.seed);
  }
  check_choice("supervision", config.supervision, {"auto", "last", "window", "all"});
  check_range("window_targets", config.window_targets, 0);
  parse_cuts(config.cuts);
  check_range("patience", config.patience, 1);
  check_range("eval_every", config.eval_every, 1);
  check_range("save_every_s", config.save_every_s, 0.0);
  check_range("max_time_s", config.max_time_s, 0.0);
  if (config.max_tokens < 0) {
    throw UsageError("max_tokens: expected a whole number of at least 0, got ", config.max_tokens);
  }
  check_range("threads", config.threads, 0);
}

Supervision supervision_for(const TrainConfig& config, const Model& model) {
  const Direction direction = model.direction();
  if (config.supervision == "window" && direction != Direction::kWindowed) {
    throw UsageError("supervision: expected all, last or auto with model ",
                     model.config().model,
                     ", got 'window': the model has no window");
  }
  if (config.supervision == "all" && direction == Direction::kWindowed) {
    throw UsageError("supervision: expected window, last or auto with model ",
                     model.config().model,
                     ", got 'all': the states before the window see later events, so their labels "
                     "would leak");
  }
  if (config.supervision == "all" && direction == Direction::kBidirectional) {
    throw UsageError(
        "supervision: expected last or auto with model ",
        model.config().model,
        ", got 'all': the model is bidirectional, so a state sees the later events of its "
        "sequence and the label of every position but the last would leak");
  }
  Supervision supervision = Supervision::kLast;
  if (config.supervision != "last" && direction != Direction::kBidirectional) {
    supervision = direction == Direction::kCausal ? Supervision::kAll : Supervision::kWindow;
  }
  if (config.window_targets > 0 && supervision != Supervision::kWindow) {
    throw UsageError(
        "window_targets: expected supervision window, that is --model elastic-window, or 0");
  }
  if (config.window_targets > model.config().window) {
    throw UsageError("window_targets: expected at most --window ",
                     model.config().window,
                     ", got ",
                     config.window_targets);
  }
  if (config.cuda_graphs && model.config().retrieval == "random") {
    throw UsageError(
        "--cuda-graphs: expected --retrieval learned: random experts are drawn on the host");
  }
  if (config.cuda_graphs && model.config().query_norm == "centred") {
    throw UsageError(
        "--cuda-graphs: expected --query-norm layer: sequences that fill a batch up would move the "
        "mean of the queries");
  }
  if (config.cuda_graphs &&
      (supervision != Supervision::kLast || model.item_table().value().device() != Device::kCuda)) {
    throw UsageError("--cuda-graphs: expected --device cuda and --supervision last");
  }
  if (config.cuda_graphs && !model.recordable()) {
    throw UsageError("--cuda-graphs: the steps of model ",
                     model.config().model,
                     " cannot be recorded: the host plans them");
  }
  return supervision;
}

Cuts parse_cuts(const std::string& cuts) {
  if (cuts == "auto" || cuts == "all") {
    return {Cuts::Kind::kAll, 0};
  }
  if (cuts == "latest") {
    return {Cuts::Kind::kLatest, 0};
  }
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(cuts.data(), cuts.data() + cuts.size(), count);
  if (error != std::errc{} || end != cuts.data() + cuts.size() || count < 1) {
    throw UsageError(
        "cuts: expected auto, all, latest or a number of at least 1, got '", cuts, "'");
  }
  return {Cuts::Kind::kRandom, count};
}

}  // namespace elastic::train

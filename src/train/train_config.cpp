#include "train/train_config.h"

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "eval/user_metric.h"

namespace elastic::train {
namespace {

// Of runs with a loss over all items, in files of earlier versions.
constexpr std::int64_t kFormerNegatives = 256;

bool may_be_softmax(LossKind loss) {
  return loss == LossKind::kSoftmax || loss == LossKind::kAuto;
}

// Refuses an option that is set although the loss does not read it.
template <class Value>
[[noreturn]] void refuse_set(const char* name,
                             const Value& value,
                             LossKind loss,
                             const char* losses) {
  throw UsageError(name,
                   ": has no effect with --loss ",
                   choice_name(loss),
                   ", but is set to ",
                   value,
                   "; leave it out, or use --loss ",
                   losses);
}

template <class Value>
void check_unset(
    const char* name, const Value& value, const Value& unset, LossKind loss, const char* losses) {
  if (value != unset) {
    refuse_set(name, value, loss, losses);
  }
}

void check_loss(const LossOptions& loss) {
  const LossOptions unset;
  if (loss.kind == LossKind::kSoftmax) {
    const char* losses = "sampled-softmax, bce or gbce";
    if (loss.negatives != kFormerNegatives) {
      check_unset("--negatives", loss.negatives, unset.negatives, loss.kind, losses);
    }
    if (loss.negative_sampling != unset.negative_sampling) {
      refuse_set("--negative-sampling", choice_name(loss.negative_sampling), loss.kind, losses);
    }
    if (loss.item_updates == ItemUpdates::kRows) {
      throw UsageError(
          "--item-updates: expected all or auto with --loss softmax, whose gradient concerns every "
          "item, got 'rows'; use --loss ",
          losses);
    }
  }
  if (loss.kind != LossKind::kGbce && loss.kind != LossKind::kAuto) {
    check_unset("--gbce-t", loss.gbce_t, unset.gbce_t, loss.kind, "gbce");
  }
}

void check_teacher(const LossOptions& loss) {
  const LossOptions unset;
  if (loss.teacher.empty() && (loss.teacher_weight != unset.teacher_weight ||
                               loss.teacher_temperature != unset.teacher_temperature)) {
    throw UsageError(
        "--teacher-weight and --teacher-temperature have no effect without --teacher; leave them "
        "out, or add --teacher RUN");
  }
  if (!loss.teacher.empty() && !may_be_softmax(loss.kind)) {
    throw UsageError("--teacher: expected --loss softmax, got ",
                     choice_name(loss.kind),
                     ": a teacher's scores are compared over all items");
  }
}

void check_vectors(const TrainConfig& config) {
  const ItemVectorOptions& vectors = config.vectors;
  if (vectors.file.empty() && vectors.id_dropout != 0.0) {
    throw UsageError("--id-dropout has no effect without --item-vectors, but is set to ",
                     vectors.id_dropout,
                     "; leave it out, or add --item-vectors FILE");
  }
  if (!vectors.file.empty() && config.loss.item_updates == ItemUpdates::kRows) {
    throw UsageError(
        "--item-updates: expected all or auto with --item-vectors, whose projection concerns every "
        "item, got 'rows'");
  }
  if (!vectors.file.empty() && config.cuda_graphs) {
    throw UsageError(
        "--cuda-graphs: leave out --item-vectors: the host draws the items that a step knows by "
        "their features alone");
  }
}

void check_optimizer(const OptimizerOptions& optimizer) {
  if (optimizer.weight_decay != 0.0 && optimizer.rule == OptimizerRule::kAdam) {
    throw UsageError("--weight-decay: expected 0 with --optimizer adam, got ",
                     optimizer.weight_decay,
                     "; use --optimizer adamw");
  }
}

void check_stop_metric(const std::string& metric) {
  if (!eval::find_user_metric(metric)) {
    throw UsageError("--stop-metric: ", eval::expected_metrics(metric));
  }
}

void check_shards(const TrainConfig& config) {
  const std::int64_t shards = config.shards;
  if (!std::has_single_bit(static_cast<std::uint64_t>(shards))) {
    throw UsageError("--shards: expected a power of two, got ", shards);
  }
  const bool by_tokens = config.batch_tokens > 0;
  const std::int64_t batch = by_tokens ? config.batch_tokens : config.batch_size;
  if (batch % shards != 0) {
    throw UsageError("--shards: expected equal shares of ",
                     by_tokens ? "--batch-tokens " : "--batch-size ",
                     batch,
                     ", got ",
                     shards,
                     " shards; use ",
                     by_tokens ? "--batch-tokens " : "--batch-size ",
                     (batch + shards - 1) / shards * shards);
  }
  if (shards > 1 && config.cuda_graphs) {
    throw UsageError(
        "--cuda-graphs: expected --shards 1, got ", shards, ": a recorded step has one pass");
  }
}

// Throws UsageError if the model does not allow the supervision.
void check_supervision(SupervisionChoice choice, const Model& model) {
  const Direction direction = model.direction();
  const std::string& name = model.config().model;
  if (choice == SupervisionChoice::kWindow && direction != Direction::kWindowed) {
    throw UsageError("--supervision: expected all, last or auto with --model ",
                     name,
                     ", got 'window': the model has no window");
  }
  if (choice == SupervisionChoice::kAll && direction == Direction::kWindowed) {
    throw UsageError("--supervision: expected window, last or auto with --model ",
                     name,
                     ", got 'all': the states before the window see later events, so their labels "
                     "would leak");
  }
  if (choice == SupervisionChoice::kAll && direction == Direction::kBidirectional) {
    throw UsageError(
        "--supervision: expected last or auto with --model ",
        name,
        ", got 'all': the model is bidirectional, so a state sees the later events of its "
        "sequence and the label of every position but the last would leak");
  }
}

}  // namespace

void check(const TrainConfig& config) {
  check_ranges(config);
  check_optimizer(config.optimizer);
  check_loss(config.loss);
  check_teacher(config.loss);
  check_stop_metric(config.limits.stop_metric);
  check_vectors(config);
  check_shards(config);
  if (config.cuda_graphs && !may_be_softmax(config.loss.kind)) {
    throw UsageError("--cuda-graphs: expected --loss softmax, got ",
                     choice_name(config.loss.kind),
                     ": the host draws the negatives of every step, so no step can be recorded");
  }
  if (config.cuda_graphs && !config.loss.teacher.empty()) {
    throw UsageError("--cuda-graphs: leave out --teacher, whose part of a step cannot be recorded");
  }
}

Supervision supervision_for(const TargetOptions& options, const Model& model) {
  check_supervision(options.supervision, model);
  const Direction direction = model.direction();
  Supervision supervision = Supervision::kLast;
  if (options.supervision != SupervisionChoice::kLast && direction != Direction::kBidirectional) {
    supervision = direction == Direction::kCausal ? Supervision::kAll : Supervision::kWindow;
  }
  if (options.window_targets > 0 && supervision != Supervision::kWindow) {
    throw UsageError(
        "--window-targets: expected --supervision window, that is --model elastic-window, or 0");
  }
  if (options.window_targets > model.config().window) {
    throw UsageError("--window-targets: expected at most --window ",
                     model.config().window,
                     ", got ",
                     options.window_targets);
  }
  return supervision;
}

void check_recordable(const TrainConfig& config, Supervision supervision, const Model& model) {
  if (!config.cuda_graphs) {
    return;
  }
  const RetrievalOptions& retrieval = model.config().retrieval;
  if (retrieval.experts == ExpertChoice::kRandom) {
    throw UsageError(
        "--cuda-graphs: expected --retrieval learned: random experts are drawn on the host");
  }
  if (retrieval.query_norm == QueryNorm::kCentred) {
    throw UsageError(
        "--cuda-graphs: expected --query-norm layer: dummy sequences would change the mean of "
        "the queries");
  }
  if (retrieval.balance > 0.0) {
    throw UsageError("--cuda-graphs: expected --expert-balance 0: the host counts the choices");
  }
  if (supervision != Supervision::kLast || model.item_table().value().device() != Device::kCuda) {
    throw UsageError("--cuda-graphs: expected --device cuda and --supervision last");
  }
  if (!model.recordable()) {
    throw UsageError("--cuda-graphs: the steps of model ",
                     model.config().model,
                     " cannot be recorded: the host plans them");
  }
}

void check_shardable(const TrainConfig& config, const Model& model) {
  if (config.shards == 1) {
    return;
  }
  const RetrievalOptions& retrieval = model.config().retrieval;
  if (retrieval.query_norm == QueryNorm::kCentred) {
    throw UsageError(
        "--shards: expected 1 with --query-norm centred, whose mean of the queries is updated by "
        "each pass, got ",
        config.shards);
  }
  if (retrieval.balance > 0.0) {
    throw UsageError(
        "--shards: expected 1 with --expert-balance, whose biases are updated by each pass, got ",
        config.shards);
  }
  const std::vector<Parameter>& saved = model.parameters().all();
  if (std::any_of(saved.begin(), saved.end(), [](const Parameter& parameter) {
        return parameter.name.ends_with(".centroids");
      })) {
    throw UsageError("--shards: expected 1 with --model ",
                     model.config().model,
                     ", whose centroids are updated by each pass, got ",
                     config.shards);
  }
}

}  // namespace elastic::train

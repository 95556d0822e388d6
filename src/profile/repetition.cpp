#include "profile/repetition.h"

#include <utility>

#include "autograd/ops/rows.h"
#include "base/scope.h"
#include "model/registry.h"
#include "profile/inputs.h"
#include "tensor/kernels/ranking.h"
#include "train/training_step.h"

namespace elastic::profile {
namespace {

train::Supervision supervision_of(const Workload& workload, const Model& model) {
  if (workload.phase != Phase::kTrain) {
    return train::Supervision::kLast;
  }
  train::TargetOptions options;
  options.supervision = workload.supervision;
  return train::supervision_for(options, model);
}

}  // namespace

Repetition::Repetition(const Workload& workload)
    : workload_(workload),
      model_(make_model(workload.model, workload.seed, DType::kFloat32, workload.device)),
      supervision_(supervision_of(workload, *model_)),
      inputs_(make_inputs(workload, supervision_)) {
  if (workload.phase == Phase::kTrain) {
    optimizer_ = std::make_unique<train::Optimizer>(model_->parameters(), train_config_);
  }
  if (workload.phase != Phase::kTrain) {
    fixed_.emplace(*model_);  // as in evaluation and serving
  }
  if (workload.phase == Phase::kRank) {
    const Pass pass = last_pass({});
    hidden_ = pass.states.value();
    scored_items_ = pass.scored_items.value();
  }
}

void Repetition::run(PartClock* clock) {
  switch (workload_.phase) {
    case Phase::kEncode:
      model_->encode(inputs_.batch, {});
      break;
    case Phase::kServe:
      last_pass({});
      break;
    case Phase::kTrain:
      train_step(clock);
      break;
    case Phase::kRank:
      rank();
      break;
  }
}

Pass Repetition::last_pass(const ForwardMode& mode) {
  if (workload_.shortcut) {
    return model_->encode_last(inputs_.batch, mode);
  }
  Pass pass = model_->encode(inputs_.batch, mode);
  const LayerScope scope("last tokens");
  pass.states = ops::gather_rows(pass.states, inputs_.batch.segments.last_tokens());
  return pass;
}

void Repetition::train_step(PartClock* clock) {
  std::optional<Scope> scope;
  const auto begin = [clock, &scope](const char* part) {
    scope.reset();
    scope.emplace(ScopeKind::kPart, part);
    if (clock != nullptr) {
      clock->begin(part);
    }
  };
  const ForwardMode mode{/*training=*/true, workload_.seed, ++step_};
  begin(kForward);
  Pass pass = supervision_ == train::Supervision::kLast
                  ? last_pass(mode)
                  : train::supervised_pass(*model_, inputs_, supervision_, mode);
  begin(kLoss);
  const Variable loss = train::catalogue_loss(std::move(pass), inputs_.targets);
  begin(kBackward);
  backward(loss);
  begin(kOptimizer);
  optimizer_->step(loss.value(), train_config_.optimizer.learning_rate);
  if (clock != nullptr) {
    clock->end();
  }
}

void Repetition::rank() {
  const OpScope scope(__func__);
  Tensor ranks({workload_.batch}, DType::kInt32, workload_.device);
  const Segments none(std::vector<std::int32_t>(static_cast<std::size_t>(workload_.batch) + 1, 0),
                      workload_.device);
  elastic::run(kernels::RankTargets{.hidden = hidden_,
                                    .table = scored_items_,
                                    .targets = inputs_.targets,
                                    .excluded = none,
                                    .excluded_ids = Tensor(),
                                    .ranks = ranks});
}

}  // namespace elastic::profile

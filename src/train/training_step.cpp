#include "train/training_step.h"

#include <utility>

#include "autograd/ops/linear_cross_entropy.h"
#include "autograd/ops/rows.h"
#include "base/scope.h"
#include "model/abilities.h"

namespace elastic::train {

Pass supervised_pass(Model& model,
                     const TrainBatch& input,
                     Supervision supervision,
                     const ForwardMode& mode) {
  switch (supervision) {
    case Supervision::kLast:
      return model.encode_last(input.batch, mode);
    case Supervision::kAll:
      return model.encode(input.batch, mode);
    case Supervision::kWindow:
      break;
  }
  WindowTargets* window = model.window_targets();
  if (window == nullptr) {
    throw UsageError("model ", model.config().model, " has no window");
  }
  Pass pass = window->encode_window(input.batch, mode);
  if (input.rows.defined()) {
    pass.states = ops::gather_rows(pass.states, input.rows);
  }
  return pass;
}

Variable catalogue_loss(Pass pass, const Tensor& targets, const RowLists& excluded) {
  const LayerScope scope("loss");
  return ops::linear_cross_entropy(pass.states, pass.scored_items, targets, excluded);
}

Variable catalogue_loss(Model& model,
                        const TrainBatch& input,
                        Supervision supervision,
                        const ForwardMode& mode,
                        const Teacher* teacher) {
  Pass pass = supervised_pass(model, input, supervision, mode);
  return teacher == nullptr ? catalogue_loss(std::move(pass), input.targets, input.past)
                            : teacher->loss(std::move(pass), input);
}

Tensor training_step(Model& model,
                     Optimizer& optimizer,
                     const TrainBatch& input,
                     Supervision supervision,
                     const ForwardMode& mode,
                     double learning_rate,
                     const Teacher* teacher) {
  const Variable loss = catalogue_loss(model, input, supervision, mode, teacher);
  backward(loss);
  optimizer.step(loss.value(), learning_rate);
  return loss.value();
}

}  // namespace elastic::train

#include "train/training_step.h"

#include "autograd/ops/linear_cross_entropy.h"
#include "autograd/ops/rows.h"

namespace elastic::train {

Variable supervised_states(Model& model,
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
  const Variable states = model.encode_window(input.batch, mode);
  return input.rows.defined() ? ops::gather_rows(states, input.rows) : states;
}

Tensor training_step(Model& model,
                     Optimizer& optimizer,
                     const TrainBatch& input,
                     Supervision supervision,
                     const ForwardMode& mode,
                     double learning_rate) {
  const Variable hidden = supervised_states(model, input, supervision, mode);
  const Variable loss = ops::linear_cross_entropy(hidden, model.take_scored_items(), input.targets);
  backward(loss);
  optimizer.step(loss.value(), learning_rate);
  return loss.value();
}

}  // namespace elastic::train

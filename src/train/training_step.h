// One training step: forward, loss, backward and the optimiser's update.
#pragma once

#include "model/model.h"
#include "tensor/backend.h"
#include "train/optimizer.h"
#include "train/train_batch.h"

namespace elastic::train {

/// The states [R, D] that predict the R targets of `input`.
Variable supervised_states(Model& model,
                           const TrainBatch& input,
                           Supervision supervision,
                           const ForwardMode& mode);

/// One step with the softmax loss over all items, which updates the parameters in place. Returns
/// the loss [], computed before the update.
Tensor training_step(Model& model,
                     Optimizer& optimizer,
                     const TrainBatch& input,
                     Supervision supervision,
                     const ForwardMode& mode,
                     double learning_rate);

}  // namespace elastic::train

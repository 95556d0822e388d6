// One training step: forward, loss, backward and the optimiser's update.
#pragma once

#include "model/model.h"
#include "tensor/backend.h"
#include "train/optimizer.h"
#include "train/teacher.h"
#include "train/train_batch.h"

namespace elastic::train {

/// The pass whose states [R, D] a batch's targets are predicted from. Throws UsageError for
/// supervision by a window if the model has none.
Pass supervised_pass(Model& model,
                     const TrainBatch& input,
                     Supervision supervision,
                     const ForwardMode& mode);

/// Cross entropy [] of the targets [R] among all items but those that `excluded` lists. Takes the
/// pass, so that backward can free its tensors.
Variable catalogue_loss(Pass pass, const Tensor& targets, const RowLists& excluded = {});

/// The loss [] of a batch over all items but those in TrainBatch::past, or Teacher::loss over the
/// same items if `teacher` is not null.
Variable catalogue_loss(Model& model,
                        const TrainBatch& input,
                        Supervision supervision,
                        const ForwardMode& mode,
                        const Teacher* teacher);

/// One step with this loss. Updates the parameters in place. Returns the loss [], computed before
/// the update.
Tensor training_step(Model& model,
                     Optimizer& optimizer,
                     const TrainBatch& input,
                     Supervision supervision,
                     const ForwardMode& mode,
                     double learning_rate,
                     const Teacher* teacher = nullptr);

}  // namespace elastic::train

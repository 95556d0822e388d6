// Trained models that a run learns from, besides its events.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "autograd/ops/distilled_cross_entropy.h"
#include "model/model.h"
#include "train/train_batch.h"
#include "train/train_config.h"

namespace elastic::train {

/// A name and a hash of the weights for each model: "runs/a:0f3c..,runs/b:77ab..".
std::string identity_of_teacher(const std::vector<std::string>& names,
                                const std::vector<std::unique_ptr<Model>>& models);

/// One or several models that score the items of a student's targets. Several count by the mean of
/// their scores, which gives the order and the softmax of the mean of their log probabilities, as
/// MeanModel.
class Teacher {
 public:
  /// The models have the student's items, type and device. Throws UsageError naming --teacher
  /// unless each can predict the student's targets from the same events: for `all` a causal model,
  /// for `window` a causal one or one with a window as long, for `last` any; with at least its
  /// max_len. `identity` is that of identity_of_teacher.
  Teacher(std::vector<std::unique_ptr<Model>> models,
          const Model& student,
          Supervision supervision,
          const Distillation& settings,
          std::string identity = "");

  [[nodiscard]] const std::string& identity() const { return identity_; }
  /// The scores of all items for each target of the batch, without dropout.
  [[nodiscard]] ops::TeacherScores scores(const TrainBatch& input) const;
  /// The loss [] of the student's pass over the batch, ops::distilled_cross_entropy. Takes the
  /// pass, so that backward can free its tensors.
  [[nodiscard]] Variable loss(Pass student, const TrainBatch& input) const;

 private:
  [[nodiscard]] Variable states_of(Model& model, const data::Batch& batch) const;
  [[nodiscard]] Variable window_states(Model& model, const data::Batch& batch) const;

  std::vector<std::unique_ptr<Model>> models_;
  Supervision supervision_;
  std::int64_t window_;  ///< of the student
  Distillation settings_;
  std::string identity_;
  Tensor items_;  ///< the models' scored items, side by side
};

}  // namespace elastic::train

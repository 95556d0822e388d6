// Several trained models that answer as one.
#pragma once

#include <memory>
#include <vector>

#include "model/abilities.h"
#include "model/model.h"

namespace elastic {

/// Scores an item with the mean of M models' scores. The order of the items is that of the mean of
/// the models' log probabilities, which differs by a constant in each row.
///
/// States and scored items are those of the models side by side, states divided by M, so that their
/// product is the mean. For evaluation and serving: there are no parameters, and members do not
/// report what they retrieve.
class MeanModel final : public Model, private WeightCache {
 public:
  /// Takes at least two models of the same number of items, type and device; throws ShapeError
  /// otherwise.
  explicit MeanModel(std::vector<std::unique_ptr<Model>> members);

  /// `model` names the members, `max_len` is the largest, `dim` the sum, `time_features`
  /// the most that a member reads.
  [[nodiscard]] const ModelConfig& config() const override { return config_; }
  [[nodiscard]] Direction direction() const override { return members_.front()->direction(); }
  [[nodiscard]] const ParameterStore& parameters() const override { return no_parameters_; }
  /// That of the first model, for type and device only.
  [[nodiscard]] const Variable& item_table() const override {
    return members_.front()->item_table();
  }
  [[nodiscard]] Tensor scored_items() override;

  Pass encode(const data::Batch& batch, const ForwardMode& mode) override;
  Pass encode_last(const data::Batch& batch, const ForwardMode& mode) override;

  [[nodiscard]] WeightCache* weight_cache() override { return this; }

 private:
  void set_weights_fixed(bool fixed) override;
  // The mean model's pass from the members' passes over the batch.
  Pass join(std::vector<Pass> passes);

  std::vector<std::unique_ptr<Model>> members_;
  ModelConfig config_;
  ParameterStore no_parameters_;
  bool fixed_ = false;
  Tensor fixed_items_;  // undefined until it is needed, and unless weights are fixed
};

}  // namespace elastic

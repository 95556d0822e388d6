// Training steps with a loss over sampled negatives.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/model.h"
#include "tensor/sampled_items.h"
#include "train/negative_sampler.h"
#include "train/optimizer.h"
#include "train/sampled_loss_settings.h"
#include "train/train_batch.h"

namespace elastic::train {

/// With SampledLossSettings::by_rows, a step gathers the rows of the items in its histories,
/// targets and negatives into a small table. The model reads and the loss scores that table, and
/// the optimiser updates only these rows of the item table, so neither time nor memory of a step
/// grows with the catalogue. Otherwise the item table has a full gradient, as with the softmax
/// loss.
class SampledSteps {
 public:
  /// All arguments must outlive this. Throws as sampled_loss_settings does.
  SampledSteps(Model& model,
               Optimizer& optimizer,
               const data::Split& split,
               const TrainConfig& config);

  /// One step, as training_step; returns the loss []. `input` must have been collected from
  /// `examples`. The negatives depend on `mode.step`.
  Tensor run(const HostBatch& input,
             std::span<const Example> examples,
             Supervision supervision,
             const ForwardMode& mode,
             double learning_rate);

  // The same in parts, for steps that consist of several.

  /// Draws the negatives of a step. By rows, also gathers the table of the items that they and
  /// `parts` name.
  void begin(std::span<const HostBatch> parts, std::uint32_t step);
  /// The loss [] of one of these parts, collected from `examples`.
  [[nodiscard]] Variable loss(const HostBatch& part,
                              std::span<const Example> examples,
                              Supervision supervision,
                              const ForwardMode& mode);
  /// The table of the step, in place of the item table; undefined unless by rows.
  [[nodiscard]] const Variable& table() const { return table_; }
  /// Updates the parameters. By rows, `table_grad` is the gradient of `table()`.
  void update(const Tensor& loss, double learning_rate, const Tensor& table_grad);

 private:
  // The negatives of the loss, on the device, as item ids.
  [[nodiscard]] SampledItems sample(std::span<const Example> examples,
                                    const std::vector<std::int32_t>& targets) const;
  // For each target of `examples`, the places of the drawn items that are no negatives of it: the
  // target, and the items of the user's earlier events or, without train_seen exclude, of all.
  [[nodiscard]] RowLists positives(std::span<const Example> examples) const;
  // Takes the pass, so that backward can free its tensors.
  [[nodiscard]] Variable sampled_loss(Pass pass,
                                      const Tensor& targets,
                                      const SampledItems& sampled) const;
  // The amounts by which the scores of `items` are reduced.
  [[nodiscard]] Tensor log_counts(const std::vector<std::int32_t>& items) const;
  [[nodiscard]] Tensor upload(const std::vector<std::int32_t>& values) const;

  Model& model_;
  Optimizer& optimizer_;
  SampledLossSettings settings_;
  NegativeSampler sampler_;
  Device device_;
  DType dtype_;
  std::vector<std::int32_t> place_of_;  ///< [V + 1] each item's row in the step's table, if by_rows
  std::vector<std::int32_t> drawn_;     ///< the negatives of the step
  Tensor rows_;                         ///< [R] the items of `table_`
  Variable table_;
};

}  // namespace elastic::train

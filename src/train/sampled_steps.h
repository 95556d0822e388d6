// Training steps whose loss tells each target from drawn items: neither time nor memory of a step
// grows with the catalogue.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/model.h"
#include "train/negative_sampler.h"
#include "train/optimizer.h"
#include "train/sampling.h"
#include "train/train_batch.h"

namespace elastic::train {

/// By rows (Sampling::by_rows), a step gathers the rows of the items that it names (histories,
/// targets, negatives: sorted, each once) into a small table, which the model reads and the loss
/// scores; its gradient is the item table's, and the optimiser moves those rows alone. Otherwise
/// the item table has its whole gradient, as with the softmax loss.
class SampledSteps {
 public:
  /// All of them must outlive this. Throws as sampling_for does.
  SampledSteps(Model& model,
               Optimizer& optimizer,
               const data::Split& split,
               const TrainConfig& config);

  /// One step, as training_step; `examples` are those that `input` was collected from, `mode.step`
  /// decides the negatives.
  Tensor run(const HostBatch& input,
             std::span<const Example> examples,
             Supervision supervision,
             const ForwardMode& mode,
             double learning_rate);

 private:
  // What the loss compares with, on the device; its rows are item ids.
  [[nodiscard]] SampledItems sample(const std::vector<std::int32_t>& drawn,
                                    std::span<const Example> examples,
                                    const std::vector<std::int32_t>& targets) const;
  // Takes the pass, so that backward can free what it holds.
  [[nodiscard]] Variable sampled_loss(Pass pass,
                                      const Tensor& targets,
                                      const SampledItems& sampled) const;
  // What is taken off the scores of `items`.
  [[nodiscard]] Tensor log_counts(const std::vector<std::int32_t>& items) const;
  [[nodiscard]] Tensor upload(const std::vector<std::int32_t>& values) const;

  Model& model_;
  Optimizer& optimizer_;
  Sampling sampling_;
  NegativeSampler sampler_;
  Device device_;
  DType dtype_;
  std::vector<std::int32_t> place_of_;  ///< [V + 1] by item: its row in the step's table; or empty
};

}  // namespace elastic::train

// Runs repetitions of a workload.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "model/fixed_weights.h"
#include "model/model.h"
#include "profile/part_clock.h"
#include "profile/workload.h"
#include "train/optimizer.h"
#include "train/train_batch.h"

namespace elastic::profile {

/// The model and inputs of a workload, made once. Each `run` is one repetition of its phase.
class Repetition {
 public:
  /// `workload` must outlive this. Throws UsageError for a config that no model accepts, and
  /// OutOfMemoryError.
  explicit Repetition(const Workload& workload);

  /// Tokens of the batch.
  [[nodiscard]] std::int64_t num_tokens() const { return inputs_.batch.num_tokens(); }

  /// Starts the phase's work on the device, without waiting for it to end. With a clock, a training
  /// step marks its parts.
  void run(PartClock* clock = nullptr);

 private:
  Pass last_pass(const ForwardMode& mode);
  void train_step(PartClock* clock);
  void rank();

  const Workload& workload_;
  std::unique_ptr<Model> model_;
  std::optional<FixedWeights> fixed_;  ///< except in training
  train::Supervision supervision_;
  train::TrainBatch inputs_;
  train::TrainConfig train_config_;
  std::unique_ptr<train::Optimizer> optimizer_;
  Tensor hidden_;  ///< of phase rank: [B, D]
  Tensor scored_items_;
  std::uint32_t step_ = 0;
};

}  // namespace elastic::profile

// The steps of an epoch, cut into the shards that each step consists of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "train/examples.h"
#include "train/train_config.h"

namespace elastic::train {

/// The examples of a step, by shard; some shards may have none.
using StepParts = std::vector<std::span<const Example>>;

struct StepCounts {
  std::int64_t examples = 0;
  std::int64_t tokens = 0;  ///< inputs
  std::int64_t targets = 0;
};
StepCounts count(std::span<const Example> examples);
StepCounts count(std::span<const std::span<const Example>> parts);

/// A step has a part from each shard: the next batch of 1 / shards of the size from the shard's own
/// examples, or nothing once the shard has no more. A function of the seed, the epoch and the
/// number of shards.
class EpochPlan {
 public:
  EpochPlan() = default;
  /// `lengths` and `options` as for epoch_examples; the sizes are those of `config`.
  EpochPlan(std::span<const std::int64_t> lengths,
            const ExampleOptions& options,
            const TrainConfig& config,
            std::int64_t epoch);

  [[nodiscard]] std::int64_t num_steps() const { return num_steps_; }
  /// Of all steps.
  [[nodiscard]] StepCounts counts() const;
  [[nodiscard]] StepParts step(std::int64_t index) const;

 private:
  struct Part {
    std::vector<Example> examples;
    std::vector<std::size_t> batches;  ///< offsets in `examples`
  };
  std::vector<Part> parts_;
  std::int64_t num_steps_ = 0;
};

}  // namespace elastic::train

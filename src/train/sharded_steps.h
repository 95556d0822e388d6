// Training steps that consist of the passes of several shards.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dist/communicator.h"
#include "dist/sum_tree.h"
#include "model/model.h"
#include "train/epoch_plan.h"
#include "train/optimizer.h"
#include "train/past_events.h"
#include "train/sampled_steps.h"
#include "train/teacher.h"
#include "train/train_batch.h"

namespace elastic::train {

/// The parts that a step's loss consists of, with Trainer's meaning; null: none.
struct StepLosses {
  SampledSteps* sampled = nullptr;
  const PastEvents* past = nullptr;
  const Teacher* teacher = nullptr;
};

/// Each shard does forward and backward by itself, with dropout masks of its own. The gradient of
/// the step is the sum of the shards' gradients, each weighted by its share of the targets, in the
/// order of a dist::SumTree: that of the mean over all targets, for any number of processes.
class ShardedSteps {
 public:
  /// All arguments must outlive this. Of `ranks`, each computes a range of the shards; null: this
  /// process computes all.
  ShardedSteps(Model& model,
               Optimizer& optimizer,
               const data::Split& split,
               const ExampleOptions& options,
               const StepLosses& losses,
               dist::Communicator* ranks = nullptr);

  /// One step, as training_step; returns the loss [], the mean over the targets of all parts.
  Tensor run(const StepParts& parts, const ForwardMode& mode, double learning_rate);

 private:
  [[nodiscard]] HostBatch collect(std::span<const Example> examples) const;
  [[nodiscard]] Variable loss_of(const HostBatch& input,
                                 std::span<const Example> examples,
                                 const ForwardMode& mode) const;
  // The gradients of `leaves` for a part that has `share` of the targets, and its part of the loss.
  [[nodiscard]] std::vector<Tensor> gradients(const HostBatch& input,
                                              std::span<const Example> examples,
                                              const ForwardMode& mode,
                                              double share,
                                              const std::vector<Variable>& leaves) const;
  // The shards of this rank.
  [[nodiscard]] dist::Leaves own_shards(std::size_t shards) const;
  // The inputs of the parts that this rank reads.
  [[nodiscard]] std::vector<HostBatch> inputs_of(const StepParts& parts) const;
  // The sums over `shards`, a complete subtree, of tensors like `leaves` and the loss; empty if
  // these shards have no examples.
  [[nodiscard]] std::vector<Tensor> sums_of(dist::Leaves shards,
                                            const StepParts& parts,
                                            const std::vector<HostBatch>& inputs,
                                            const ForwardMode& mode,
                                            const std::vector<Variable>& leaves) const;
  // The sums over the shards of all ranks.
  [[nodiscard]] std::vector<Tensor> exchanged_sums(const StepParts& parts,
                                                   const std::vector<HostBatch>& inputs,
                                                   const ForwardMode& mode,
                                                   const std::vector<Variable>& leaves) const;
  // The variables with a gradient: the trained parameters, with the step's table in place of the
  // item table if there is one.
  [[nodiscard]] std::vector<Variable> leaves() const;
  void update(std::vector<Tensor> sums,
              const std::vector<Variable>& leaves,
              const Tensor& loss,
              double learning_rate);

  Model& model_;
  Optimizer& optimizer_;
  const data::Split& split_;
  ExampleOptions options_;
  StepLosses losses_;
  dist::Communicator* ranks_;
  Device device_;
};

}  // namespace elastic::train

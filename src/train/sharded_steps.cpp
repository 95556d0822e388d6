#include "train/sharded_steps.h"

#include <utility>

#include "tensor/kernels/elementwise.h"
#include "train/gradient_tree.h"
#include "train/training_step.h"

namespace elastic::train {
ShardedSteps::ShardedSteps(Model& model,
                           Optimizer& optimizer,
                           const data::Split& split,
                           const ExampleOptions& options,
                           const StepLosses& losses)
    : model_(model),
      optimizer_(optimizer),
      split_(split),
      options_(options),
      losses_(losses),
      device_(model.item_table().value().device()) {}

HostBatch ShardedSteps::collect(std::span<const Example> examples) const {
  HostBatch input = collect_batch(split_, examples, options_);
  if (losses_.past != nullptr) {
    input.past = losses_.past->before_targets(examples);
  }
  return input;
}

Variable ShardedSteps::loss_of(const HostBatch& input,
                               std::span<const Example> examples,
                               const ForwardMode& mode) const {
  if (losses_.sampled != nullptr) {
    return losses_.sampled->loss(input, examples, options_.supervision, mode);
  }
  const Tensor past_items = losses_.past == nullptr ? Tensor() : losses_.past->items();
  return catalogue_loss(
      model_, upload(input, device_, past_items), options_.supervision, mode, losses_.teacher);
}

std::vector<Tensor> ShardedSteps::gradients(const HostBatch& input,
                                            std::span<const Example> examples,
                                            const ForwardMode& mode,
                                            double share,
                                            const std::vector<Variable>& leaves) const {
  const Variable loss = loss_of(input, examples, mode);
  backward(loss, share);
  std::vector<Tensor> result;
  for (const Variable& leaf : leaves) {
    result.push_back(leaf.grad_buffer());
    leaf.clear_grad();
  }
  Tensor weighted = empty_like(loss.value(), Memory::kGradient);
  elastic::run(kernels::Scale{loss.value(), share, weighted});
  result.push_back(weighted);
  return result;
}

std::vector<Variable> ShardedSteps::leaves() const {
  const Variable table = losses_.sampled == nullptr ? Variable() : losses_.sampled->table();
  std::vector<Variable> result;
  for (const Parameter& parameter : model_.parameters().trained()) {
    const bool by_rows = table.defined() && parameter.variable.is(model_.item_table());
    result.push_back(by_rows ? table : parameter.variable);
  }
  return result;
}

void ShardedSteps::update(std::vector<Tensor> sums,
                          const std::vector<Variable>& leaves,
                          const Tensor& loss,
                          double learning_rate) {
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    leaves[i].add_grad(std::move(sums[i]));
  }
  if (losses_.sampled == nullptr) {
    optimizer_.step(loss, learning_rate);
    return;
  }
  const Variable table = losses_.sampled->table();
  losses_.sampled->update(loss, learning_rate, table.defined() ? table.grad() : Tensor());
}

Tensor ShardedSteps::run(const StepParts& parts, const ForwardMode& mode, double learning_rate) {
  std::vector<HostBatch> inputs;
  for (const std::span<const Example> part : parts) {
    inputs.push_back(collect(part));
  }
  if (losses_.sampled != nullptr) {
    losses_.sampled->begin(inputs, mode.step);
  }
  const auto targets = static_cast<double>(count(parts).targets);
  const std::vector<Variable> variables = leaves();
  GradientTree tree;
  for (std::size_t shard = 0; shard < parts.size(); ++shard) {
    ForwardMode of_shard = mode;
    of_shard.shard = static_cast<std::uint32_t>(shard);
    const double share = static_cast<double>(count(parts[shard]).targets) / targets;
    tree.add(share == 0.0 ? std::vector<Tensor>()
                          : gradients(inputs[shard], parts[shard], of_shard, share, variables));
  }
  std::vector<Tensor> sums = tree.take();
  const Tensor loss = std::move(sums.back());
  sums.pop_back();
  update(std::move(sums), variables, loss, learning_rate);
  return loss;
}

}  // namespace elastic::train

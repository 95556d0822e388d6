#include "train/sharded_steps.h"

#include <utility>

#include "base/error.h"
#include "dist/fixed_sum.h"
#include "tensor/kernels/elementwise.h"
#include "train/training_step.h"

namespace elastic::train {
ShardedSteps::ShardedSteps(Model& model,
                           Optimizer& optimizer,
                           const data::Split& split,
                           const ExampleOptions& options,
                           const StepLosses& losses,
                           dist::Communicator* ranks)
    : model_(model),
      optimizer_(optimizer),
      split_(split),
      options_(options),
      losses_(losses),
      ranks_(ranks),
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

dist::Leaves ShardedSteps::own_shards(std::size_t shards) const {
  return ranks_ == nullptr ? dist::Leaves{0, shards}
                           : dist::leaves_of(ranks_->rank(), ranks_->size(), shards);
}

std::vector<HostBatch> ShardedSteps::inputs_of(const StepParts& parts) const {
  const auto [begin, end] = own_shards(parts.size());
  std::vector<HostBatch> inputs;
  for (std::size_t shard = 0; shard < parts.size(); ++shard) {
    // The negatives' table has the items of all parts.
    const bool reads = losses_.sampled != nullptr || (shard >= begin && shard < end);
    inputs.push_back(reads ? collect(parts[shard]) : HostBatch());
  }
  return inputs;
}

std::vector<Tensor> ShardedSteps::sums_of(dist::Leaves shards,
                                          const StepParts& parts,
                                          const std::vector<HostBatch>& inputs,
                                          const ForwardMode& mode,
                                          const std::vector<Variable>& leaves) const {
  const auto targets = static_cast<double>(count(parts).targets);
  dist::SumTree tree;
  for (std::size_t shard = shards.begin; shard < shards.end; ++shard) {
    ForwardMode of_shard = mode;
    of_shard.shard = static_cast<std::uint32_t>(shard);
    const double share = static_cast<double>(count(parts[shard]).targets) / targets;
    tree.add(share == 0.0 ? std::vector<Tensor>()
                          : gradients(inputs[shard], parts[shard], of_shard, share, leaves));
  }
  return tree.take();
}

std::vector<Tensor> ShardedSteps::exchanged_sums(const StepParts& parts,
                                                 const std::vector<HostBatch>& inputs,
                                                 const ForwardMode& mode,
                                                 const std::vector<Variable>& leaves) const {
  std::vector<bool> present;
  for (const auto& part : parts) {
    present.push_back(count(part).targets > 0);
  }
  std::int64_t elements = 1;  // the loss
  for (const Variable& leaf : leaves) {
    elements += leaf.value().numel();
  }
  const DType dtype = leaves.front().value().dtype();
  const std::int64_t rows = dist::most_subtrees(*ranks_, parts.size());
  const std::int64_t length = dist::padded_length(*ranks_, elements);
  const Tensor packed({rows, length}, dtype, device_, Memory::kGradient);
  const Tensor flat = packed.reshape({rows * length});
  std::int64_t row = 0;
  for (const dist::Leaves subtree : dist::subtrees_of(own_shards(parts.size()))) {
    std::int64_t begin = row * length;
    for (const Tensor& sum : sums_of(subtree, parts, inputs, mode, leaves)) {
      Tensor place = flat.slice(begin, begin + sum.numel()).reshape(sum.shape());
      copy(sum, place);
      begin += sum.numel();
    }
    ++row;
  }
  ranks_->describe(concat("gradients of step ", mode.step));
  dist::fixed_sum(*ranks_, packed, present);
  std::vector<Tensor> result;
  std::int64_t begin = 0;
  for (std::size_t i = 0; i <= leaves.size(); ++i) {
    Tensor total = i < leaves.size() ? empty_like(leaves[i].value(), Memory::kGradient)
                                     : Tensor({}, dtype, device_, Memory::kGradient);
    copy(flat.slice(begin, begin + total.numel()).reshape(total.shape()), total);
    begin += total.numel();
    result.push_back(std::move(total));
  }
  return result;
}

Tensor ShardedSteps::run(const StepParts& parts, const ForwardMode& mode, double learning_rate) {
  const std::vector<HostBatch> inputs = inputs_of(parts);
  if (losses_.sampled != nullptr) {
    losses_.sampled->begin(inputs, mode.step);
  }
  const std::vector<Variable> variables = leaves();
  std::vector<Tensor> sums = ranks_ == nullptr
                                 ? sums_of({0, parts.size()}, parts, inputs, mode, variables)
                                 : exchanged_sums(parts, inputs, mode, variables);
  const Tensor loss = std::move(sums.back());
  sums.pop_back();
  update(std::move(sums), variables, loss, learning_rate);
  return loss;
}

}  // namespace elastic::train

#include "train/sharded_steps.h"

#include <utility>

#include "base/error.h"
#include "dist/fixed_sum.h"
#include "dist/sum_tree.h"
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

std::pair<std::size_t, std::size_t> ShardedSteps::shards_of(int rank, std::size_t shards) const {
  const auto size = static_cast<std::size_t>(ranks_ == nullptr ? 1 : ranks_->size());
  const std::size_t each = shards / size;
  return {static_cast<std::size_t>(rank) * each, (static_cast<std::size_t>(rank) + 1) * each};
}

std::vector<HostBatch> ShardedSteps::inputs_of(const StepParts& parts) const {
  const auto [begin, end] = shards_of(ranks_ == nullptr ? 0 : ranks_->rank(), parts.size());
  std::vector<HostBatch> inputs;
  for (std::size_t shard = 0; shard < parts.size(); ++shard) {
    // The negatives' table has the items of all parts.
    const bool reads = losses_.sampled != nullptr || (shard >= begin && shard < end);
    inputs.push_back(reads ? collect(parts[shard]) : HostBatch());
  }
  return inputs;
}

std::vector<Tensor> ShardedSteps::exchange(const std::vector<Tensor>& sums,
                                           const StepParts& parts,
                                           const std::vector<Variable>& leaves) const {
  std::vector<bool> present;
  for (int rank = 0; rank < ranks_->size(); ++rank) {
    const auto [begin, end] = shards_of(rank, parts.size());
    present.push_back(count(std::span(parts).subspan(begin, end - begin)).examples > 0);
  }
  std::int64_t elements = 1;  // the loss
  for (const Variable& leaf : leaves) {
    elements += leaf.value().numel();
  }
  const Tensor& like = leaves.front().value();
  Tensor flat({dist::padded_length(*ranks_, elements)}, like.dtype(), device_, Memory::kGradient);
  std::int64_t begin = 0;
  for (const Tensor& sum : sums) {
    Tensor place = flat.slice(begin, begin + sum.numel()).reshape(sum.shape());
    copy(sum, place);
    begin += sum.numel();
  }
  dist::fixed_sum(*ranks_, flat, present);
  std::vector<Tensor> result;
  begin = 0;
  for (std::size_t i = 0; i <= leaves.size(); ++i) {
    Tensor total = i < leaves.size() ? empty_like(leaves[i].value(), Memory::kGradient)
                                     : Tensor({}, like.dtype(), device_, Memory::kGradient);
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
  const auto targets = static_cast<double>(count(parts).targets);
  const std::vector<Variable> variables = leaves();
  const auto [begin, end] = shards_of(ranks_ == nullptr ? 0 : ranks_->rank(), parts.size());
  dist::SumTree tree;
  for (std::size_t shard = begin; shard < end; ++shard) {
    ForwardMode of_shard = mode;
    of_shard.shard = static_cast<std::uint32_t>(shard);
    const double share = static_cast<double>(count(parts[shard]).targets) / targets;
    tree.add(share == 0.0 ? std::vector<Tensor>()
                          : gradients(inputs[shard], parts[shard], of_shard, share, variables));
  }
  std::vector<Tensor> sums = tree.take();
  if (ranks_ != nullptr) {
    ranks_->describe(concat("gradients of step ", mode.step));
    sums = exchange(sums, parts, variables);
  }
  const Tensor loss = std::move(sums.back());
  sums.pop_back();
  update(std::move(sums), variables, loss, learning_rate);
  return loss;
}

}  // namespace elastic::train

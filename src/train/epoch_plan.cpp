#include "train/epoch_plan.h"

#include <algorithm>

namespace elastic::train {

StepCounts count(std::span<const Example> examples) {
  StepCounts counts;
  counts.examples = std::ssize(examples);
  for (const Example& example : examples) {
    counts.tokens += example.length();
    counts.targets += example.num_targets;
  }
  return counts;
}

StepCounts count(std::span<const std::span<const Example>> parts) {
  StepCounts counts;
  for (const std::span<const Example> part : parts) {
    const StepCounts more = count(part);
    counts.examples += more.examples;
    counts.tokens += more.tokens;
    counts.targets += more.targets;
  }
  return counts;
}

EpochPlan::EpochPlan(std::span<const std::int64_t> lengths,
                     const ExampleOptions& options,
                     const TrainConfig& config,
                     std::int64_t epoch) {
  for (std::int64_t shard = 0; shard < config.shards; ++shard) {
    Part part;
    part.examples = epoch_examples(lengths, options, epoch, {shard, config.shards});
    part.batches = cut_batches(
        part.examples, config.batch_size / config.shards, config.batch_tokens / config.shards);
    num_steps_ = std::max(num_steps_, std::ssize(part.batches) - 1);
    parts_.push_back(std::move(part));
  }
}

StepCounts EpochPlan::counts() const {
  StepParts parts;
  for (const Part& part : parts_) {
    parts.emplace_back(part.examples);
  }
  return count(parts);
}

StepParts EpochPlan::step(std::int64_t index) const {
  StepParts result;
  const auto batch = static_cast<std::size_t>(index);
  for (const Part& part : parts_) {
    const bool has_more = batch + 1 < part.batches.size();
    result.push_back(
        has_more ? std::span(part.examples)
                       .subspan(part.batches[batch], part.batches[batch + 1] - part.batches[batch])
                 : std::span<const Example>());
  }
  return result;
}

}  // namespace elastic::train

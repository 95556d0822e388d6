#include "train/train_batch.h"

#include <vector>

namespace elastic::train {

TrainBatch make_train_batch(const data::Split& split,
                            std::span<const Example> examples,
                            Supervision supervision,
                            Device device) {
  data::BatchBuilder builder;
  std::vector<std::int32_t> targets;
  for (const Example& example : examples) {
    const std::span<const std::int32_t> events = split.train_sequence(example.user);
    const auto begin = static_cast<std::size_t>(example.begin);
    const auto length = static_cast<std::size_t>(example.length());
    builder.add(events.subspan(begin, length), example.length());
    if (supervision == Supervision::kLast) {
      targets.push_back(events[begin + length]);
    } else {
      const auto next = events.subspan(begin + 1, length);
      targets.insert(targets.end(), next.begin(), next.end());
    }
  }
  TrainBatch result;
  result.batch = builder.build(device);
  const auto num_targets = static_cast<std::int64_t>(targets.size());
  result.targets = Tensor::from(targets, {num_targets}, device);
  return result;
}

}  // namespace elastic::train

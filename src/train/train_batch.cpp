#include "train/train_batch.h"

namespace elastic::train {

HostBatch collect_batch(const data::Split& split,
                        std::span<const Example> examples,
                        Supervision supervision) {
  HostBatch result;
  for (const Example& example : examples) {
    const std::span<const std::int32_t> events = split.train_sequence(example.user);
    const auto begin = static_cast<std::size_t>(example.begin);
    const auto length = static_cast<std::size_t>(example.length());
    const auto inputs = events.subspan(begin, length);
    result.ids.insert(result.ids.end(), inputs.begin(), inputs.end());
    result.offsets.push_back(static_cast<std::int32_t>(result.ids.size()));
    if (supervision == Supervision::kLast) {
      result.targets.push_back(events[begin + length]);
    } else {
      const auto next = events.subspan(begin + 1, length);
      result.targets.insert(result.targets.end(), next.begin(), next.end());
    }
  }
  return result;
}

TrainBatch upload(const HostBatch& batch, Device device) {
  const auto count = static_cast<std::int64_t>(batch.targets.size());
  return {{Segments(batch.offsets, device), Tensor::from(batch.ids, {batch.num_tokens()}, device)},
          Tensor::from(batch.targets, {count}, device)};
}

}  // namespace elastic::train

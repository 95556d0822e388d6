#include "train/train_batch.h"

#include <algorithm>

namespace elastic::train {

HostBatch collect_batch(const data::Split& split,
                        std::span<const Example> examples,
                        const ExampleOptions& options) {
  HostBatch result;
  std::int64_t window_tokens = 0;
  for (const Example& example : examples) {
    const std::span<const std::int32_t> events = split.train_sequence(example.user);
    const auto begin = static_cast<std::size_t>(example.begin);
    const auto length = static_cast<std::size_t>(example.length());
    const auto count = static_cast<std::size_t>(example.num_targets);
    const auto inputs = events.subspan(begin, length);
    const auto targets = events.subspan(begin + length + 1 - count, count);
    result.ids.insert(result.ids.end(), inputs.begin(), inputs.end());
    result.offsets.push_back(static_cast<std::int32_t>(result.ids.size()));
    if (options.times != TimeFeatures::kNone) {
      const std::span<const std::int64_t> times = split.train_times(example.user);
      result.times.add({times.first(begin + length), {}, times[begin + length]}, length);
    }
    result.targets.insert(result.targets.end(), targets.begin(), targets.end());
    if (options.supervision == Supervision::kWindow) {
      window_tokens += std::min<std::int64_t>(options.window, example.length());
      for (std::int64_t row = window_tokens - example.num_targets; row < window_tokens; ++row) {
        result.rows.push_back(static_cast<std::int32_t>(row));
      }
    }
  }
  if (window_tokens == static_cast<std::int64_t>(result.rows.size())) {
    result.rows.clear();
  }
  return result;
}

TrainBatch upload(const HostBatch& batch, Device device, const Tensor& past_items) {
  const auto count = static_cast<std::int64_t>(batch.targets.size());
  TrainBatch result{{Segments(batch.offsets, device),
                     Tensor::from(batch.ids, {batch.num_tokens()}, device),
                     batch.times.upload(device)},
                    Tensor::from(batch.targets, {count}, device),
                    batch.rows.empty() ? Tensor() : Tensor::from(batch.rows, {count}, device),
                    {}};
  if (!batch.past.counts.empty()) {
    result.past = {past_items,
                   Tensor::from(batch.past.begins, {count}, device),
                   Tensor::from(batch.past.counts, {count}, device),
                   batch.past.total()};
  }
  return result;
}

}  // namespace elastic::train

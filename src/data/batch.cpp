#include "data/batch.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace elastic::data {

void BatchBuilder::add(std::span<const std::int32_t> history,
                       std::int64_t max_len,
                       const HistoryTimes& times) {
  ELASTIC_CHECK(!history.empty() && max_len > 0, "an example needs at least one event");
  const std::size_t length = std::min(history.size(), static_cast<std::size_t>(max_len));
  const auto latest = history.last(length);
  ids_.insert(ids_.end(), latest.begin(), latest.end());
  offsets_.push_back(static_cast<std::int32_t>(ids_.size()));
  if (!times.events.empty()) {
    ELASTIC_CHECK(times.events.size() == history.size(), "expected a time for each event");
    times_.add(times, length);
  }
}

Batch BatchBuilder::build(Device device) {
  Batch batch;
  batch.ids = Tensor::from(ids_, {num_tokens()}, device);
  batch.segments = Segments(std::exchange(offsets_, {0}), device);
  batch.times = std::exchange(times_, {}).upload(device);
  ids_.clear();
  return batch;
}

}  // namespace elastic::data

#include "train/past_events.h"

#include <limits>
#include <numeric>

#include "base/error.h"

namespace elastic::train {

double PastLists::total() const {
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

PastEvents::PastEvents(const data::Split& split, Device device) {
  std::vector<std::int32_t> items;
  items.reserve(static_cast<std::size_t>(split.num_train_events()));
  for (std::int64_t user = 0; user < split.num_users(); ++user) {
    begins_.push_back(static_cast<std::int32_t>(items.size()));
    const std::span<const std::int32_t> events = split.train_sequence(user);
    items.insert(items.end(), events.begin(), events.end());
  }
  const auto count = static_cast<std::int64_t>(items.size());
  ELASTIC_CHECK(count <= std::numeric_limits<std::int32_t>::max());
  items_ = Tensor::from(items, {count}, device);
}

PastLists PastEvents::before_targets(std::span<const Example> examples) const {
  PastLists past;
  for (const Example& example : examples) {
    const std::int32_t begin = begins_[static_cast<std::size_t>(example.user)];
    for (std::int32_t i = 0; i < example.num_targets; ++i) {
      past.begins.push_back(begin);
      past.counts.push_back(example.first_target() + i);
    }
  }
  return past;
}

}  // namespace elastic::train

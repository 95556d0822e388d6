#include "data/dataset.h"

#include <utility>

#include "base/error.h"
#include "data/content_hash.h"
#include "data/log_times.h"

namespace elastic::data {
Dataset::Dataset(std::vector<std::int64_t> offsets,
                 std::vector<std::int32_t> items,
                 IdMap user_ids,
                 IdMap item_ids,
                 std::vector<std::int64_t> times)
    : offsets_(std::move(offsets)),
      items_(std::move(items)),
      times_(std::move(times)),
      user_ids_(std::move(user_ids)),
      item_ids_(std::move(item_ids)),
      titles_(static_cast<std::size_t>(item_ids_.size())) {
  ELASTIC_CHECK(offsets_.size() == static_cast<std::size_t>(user_ids_.size()) + 1 &&
                offsets_.back() == num_events() &&
                (times_.empty() || times_.size() == items_.size()));
  ContentHash hash;
  hash.add_values<std::int64_t>(offsets_);
  hash.add_values<std::int32_t>(items_);
  for (const IdMap* ids : {&user_ids_, &item_ids_}) {
    for (const std::string& raw : ids->names()) {
      hash.add(raw);
    }
  }
  hash_ = hash.hex();
}

std::span<const std::int32_t> Dataset::sequence(std::int64_t user) const {
  const auto begin = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(user)]);
  const auto end = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(user) + 1]);
  return std::span(items_).subspan(begin, end - begin);
}

std::span<const std::int64_t> Dataset::times(std::int64_t user) const {
  ELASTIC_CHECK(has_times(), "the data has no times");
  const auto begin = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(user)]);
  return std::span(times_).subspan(begin, sequence(user).size());
}

std::string Dataset::times_hash() const {
  ContentHash hash;
  hash.add_values<std::int64_t>(times_);
  return hash.hex();
}

std::optional<std::int32_t> Dataset::find_item(std::string_view raw) const {
  const std::optional<std::int32_t> number = item_ids_.find(raw);
  return number ? std::optional(*number + 1) : std::nullopt;
}

Dataset build_dataset(Interactions log, const EventOrder& order) {
  const std::int64_t unit = time_unit(log);
  std::vector<std::int32_t> sequence;
  std::vector<std::int64_t> times;
  sequence.reserve(order.positions.size());
  times.reserve(log.has_timestamp ? order.positions.size() : 0);
  for (const std::int32_t position : order.positions) {
    const Event& event = log.events[static_cast<std::size_t>(position)];
    sequence.push_back(event.item + 1);
    if (log.has_timestamp) {
      times.push_back(to_seconds(moment_of(event), unit).whole);
    }
  }
  return {order.offsets,
          std::move(sequence),
          std::move(log.users),
          std::move(log.items),
          std::move(times)};
}

}  // namespace elastic::data

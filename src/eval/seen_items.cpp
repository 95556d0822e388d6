#include "eval/seen_items.h"

#include <algorithm>

namespace elastic::eval {

std::vector<std::int32_t> seen_items(std::span<const std::int32_t> history, std::int32_t target) {
  std::vector<std::int32_t> items(history.begin(), history.end());
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  const auto found = std::lower_bound(items.begin(), items.end(), target);
  if (found != items.end() && *found == target) {
    items.erase(found);
  }
  return items;
}

ExcludedItems ExcludedItems::none(std::int64_t rows) {
  ExcludedItems excluded;
  excluded.offsets_.resize(static_cast<std::size_t>(rows) + 1, 0);
  return excluded;
}

void ExcludedItems::add_row(std::span<const std::int32_t> sorted_items) {
  ids_.insert(ids_.end(), sorted_items.begin(), sorted_items.end());
  offsets_.push_back(static_cast<std::int32_t>(ids_.size()));
}

Tensor ExcludedItems::ids(Device device) const {
  return Tensor::from(ids_, {static_cast<std::int64_t>(ids_.size())}, device);
}

}  // namespace elastic::eval

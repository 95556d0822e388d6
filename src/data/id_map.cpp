#include "data/id_map.h"

namespace elastic::data {

std::int32_t IdMap::add(std::string_view raw) {
  if (latest_ >= 0 && names_[static_cast<std::size_t>(latest_)] == raw) {
    return latest_;
  }
  const auto found = numbers_.find(raw);
  if (found != numbers_.end()) {
    latest_ = found->second;
  } else {
    latest_ = size();
    names_.emplace_back(raw);
    numbers_.emplace(names_.back(), latest_);
  }
  return latest_;
}

std::optional<std::int32_t> IdMap::find(std::string_view raw) const {
  const auto found = numbers_.find(raw);
  return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace elastic::data

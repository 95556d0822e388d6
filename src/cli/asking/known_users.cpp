#include "cli/asking/known_users.h"

namespace elastic::cli {

bool KnownUsers::is_read() const {
  const std::scoped_lock lock(mutex_);
  return data_.has_value();
}

const data::Dataset& KnownUsers::dataset() {
  const std::scoped_lock lock(mutex_);
  if (!data_) {
    // No notes: training has already printed them for the same data.
    data_.emplace(read_data_again(run_, place_, [](const std::string&) {}));
  }
  return data_->split.dataset();
}

std::vector<std::int32_t> KnownUsers::events_of(const std::string& user) {
  const data::Dataset& events = dataset();
  const auto found = events.find_user(user);
  if (!found) {
    return {};
  }
  const auto items = events.sequence(*found);
  return {items.begin(), items.end()};
}

}  // namespace elastic::cli

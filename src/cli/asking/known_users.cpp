#include "cli/asking/known_users.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "eval/required_times.h"

namespace elastic::cli {

bool KnownUsers::is_read() const {
  const std::scoped_lock lock(mutex_);
  return dataset_ != nullptr;
}

const data::Dataset& KnownUsers::dataset() {
  const std::scoped_lock lock(mutex_);
  if (dataset_ == nullptr) {
    const Histories histories = read_histories(run_, place_);
    eval::require_times(recommender_.config(), *histories.dataset);
    dataset_ = histories.dataset;
    match_items();
    if (!histories.of_training) {
      const auto unknown = std::count(model_items_.begin() + 1, model_items_.end(), 0);
      notes_(fmt::format(
          "data: not that of the training: {} users, {} events; {} of {} items are unknown to the "
          "model and skipped",
          dataset_->num_users(),
          dataset_->num_events(),
          unknown,
          dataset_->num_items()));
    }
  }
  return *dataset_;
}

void KnownUsers::match_items() {
  model_items_ = {0};
  for (std::int64_t item = 1; item <= dataset_->num_items(); ++item) {
    const KnownItems known = recommender_.look_up(std::span(&dataset_->item_id(item), 1));
    model_items_.push_back(known.items.empty() ? 0 : known.items.front());
  }
}

KnownItems KnownUsers::history(std::int32_t user) {
  const data::Dataset& log = dataset();
  const bool with_times = reads_times(recommender_.config());
  const auto items = log.sequence(user);
  KnownItems known;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::int32_t model_item = model_items_[static_cast<std::size_t>(items[i])];
    if (model_item == 0) {
      known.add_unknown(log.item_id(items[i]));
      continue;
    }
    known.items.push_back(model_item);
    if (with_times) {
      known.times.push_back(log.times(user)[i]);
    }
  }
  return known;
}

std::optional<KnownItems> KnownUsers::history(const std::string& user) {
  const auto found = dataset().find_user(user);
  return found ? std::optional(history(*found)) : std::nullopt;
}

}  // namespace elastic::cli

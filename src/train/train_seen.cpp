#include "train/train_seen.h"

#include <vector>

namespace elastic::train {

std::int64_t num_repeats(const data::Split& split) {
  std::vector<std::int64_t> latest_user(static_cast<std::size_t>(split.num_items()) + 1, -1);
  std::int64_t repeats = 0;
  for (std::int64_t user = 0; user < split.num_users(); ++user) {
    for (const std::int32_t item : split.train_sequence(user)) {
      std::int64_t& latest = latest_user[static_cast<std::size_t>(item)];
      repeats += latest == user ? 1 : 0;
      latest = user;
    }
  }
  return repeats;
}

TrainSeen resolve(TrainSeen choice, bool filter_seen, const data::Split& split) {
  if (choice != TrainSeen::kAuto) {
    return choice;
  }
  return filter_seen && num_repeats(split) == 0 ? TrainSeen::kExclude : TrainSeen::kKeep;
}

}  // namespace elastic::train

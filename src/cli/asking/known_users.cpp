#include "cli/asking/known_users.h"

namespace elastic::cli {

const data::Dataset& KnownUsers::dataset() {
  if (!data_) {
    // No notes: training has already printed them for the same data.
    data_.emplace(read_data_again(run_, place_, [](const std::string&) {}));
  }
  return data_->split.dataset();
}

}  // namespace elastic::cli

#include "cli/asking/known_users.h"

namespace elastic::cli {

const data::Dataset& KnownUsers::dataset() {
  if (!data_) {
    // Training and evaluation tell what they read; here it is the same again.
    data_.emplace(read_data_again(run_, place_, [](const std::string&) {}));
  }
  return data_->split.dataset();
}

}  // namespace elastic::cli

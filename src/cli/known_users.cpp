#include "cli/known_users.h"

#include "cli/run_files.h"

namespace elastic::cli {

const data::Dataset& KnownUsers::dataset() {
  if (!data_) {
    // Training and evaluation tell what they read; here it is the same again.
    data_.emplace(read_data_again(run_, path_, [](const std::string&) {}));
  }
  return data_->split.dataset();
}

}  // namespace elastic::cli

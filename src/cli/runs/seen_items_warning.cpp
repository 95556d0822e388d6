#include "cli/runs/seen_items_warning.h"

#include "train/train_choices.h"

namespace elastic::cli {

std::string seen_items_warning(const std::string& train_seen, bool filter_seen) {
  if (filter_seen || train_seen != choice_name(train::TrainSeen::kExclude)) {
    return "";
  }
  return "warning: --train-seen exclude leaves seen items out of the loss, so the model does not "
         "learn their scores, but --no-filter-seen ranks them; for such rankings, train with "
         "--train-seen keep";
}

}  // namespace elastic::cli

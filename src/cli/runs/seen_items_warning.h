// A warning about rankings of items that a training left out of the loss.
#pragma once

#include <string>

namespace elastic::cli {

/// The warning, or "" if there is nothing to warn of: a model trained with `train_seen` exclude has
/// not learned scores of seen items, but the ranking contains them (`filter_seen` is false).
std::string seen_items_warning(const std::string& train_seen, bool filter_seen);

}  // namespace elastic::cli

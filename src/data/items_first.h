// Data with other numbers for its items.
#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"

namespace elastic::data {

/// The same users and events, but the items are numbered 1 to N as `ids` [N] orders them, whether
/// they occur in the data or not, and N + 1 onwards for the others in the order of `dataset`.
/// Without titles.
Dataset with_items_first(const Dataset& dataset, const std::vector<std::string>& ids);

}  // namespace elastic::data

// Whether the columns that were chosen can be the users and the items, by all of their values.
#pragma once

#include "data/interactions.h"

namespace elastic::data {

/// Throws DataError naming the column and the options that help, for columns that no option names:
/// another user or item in nearly every event, one item in all, or ids that stand for missing ones.
void check_roles(const Interactions& log, const ReadOptions& options);

}  // namespace elastic::data

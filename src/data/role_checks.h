// Whether the columns that were chosen can be the users and the items, by all of their values.
#pragma once

#include "data/interactions.h"
#include "data/read_options.h"

namespace elastic::data {

/// Throws DataError, naming the column and the options that help, if a column that no option names
/// has a new id in nearly every event, one id in all events, or ids that mean "missing" (NA, null).
void check_roles(const Interactions& log, const ReadOptions& options);

}  // namespace elastic::data

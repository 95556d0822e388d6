// Rows that another program has measured, of a model that is not one of this project.
#pragma once

#include <string>
#include <vector>

#include "profile/profiler.h"

namespace elastic::profile {

/// The rows of a JSON list of objects:
///
///     name              text, not the name of a model of this project
///     phase             encode, serve, train or rank
///     length, batch     whole numbers
///     seconds           of each repetition as a list, or their median as a number
///     peak_bytes        optional: the memory at its peak
///     activation_bytes  optional: its part that grows with the histories
///
/// Throws UsageError "--import FILE: ..." with the row and the reason: a file that cannot be read,
/// a missing or an unknown key, or a value of another kind. `supervision` is that of all rows.
std::vector<Row> read_imported_rows(const std::string& file, train::SupervisionChoice supervision);

}  // namespace elastic::profile

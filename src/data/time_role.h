// Which column holds the times of the events, and how they are written.
#pragma once

#include <optional>
#include <string>

#include "data/column_facts.h"
#include "data/column_roles.h"
#include "data/read_options.h"

namespace elastic::data {

/// Sets the time, the time of day and their formats in `roles`, whose other columns are not free.
/// `roles.time` and `roles.time_of_day` are set if options name them; `has_time` is false if
/// options say that there is none. Throws DataError if the times cannot be read or told apart.
void choose_time(const ColumnFacts& facts,
                 const ReadOptions& options,
                 const std::string& path,
                 bool has_time,
                 ColumnRoles& roles);

}  // namespace elastic::data

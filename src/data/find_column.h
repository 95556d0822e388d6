// Finds columns by name or number, and headers by their names.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "data/asked_columns.h"
#include "data/column_sample.h"

namespace elastic::data {

/// The number of the column called `text`, or with this number from 1. Throws UsageError naming
/// `option` and the columns.
std::size_t find_column(const std::string& text,
                        const std::vector<ColumnSample>& columns,
                        const std::string& option,
                        const std::string& path);

/// True if a header holds these fields: one is named as an option asks, or means a user, item, time
/// or rating, and none is a number.
bool is_known_header(const std::vector<std::string_view>& fields, const AskedColumns& asked);

}  // namespace elastic::data

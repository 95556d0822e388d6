// Which row of a table names its columns.
#pragma once

#include <string_view>
#include <vector>

#include "data/asked_columns.h"
#include "data/column_roles.h"

namespace elastic::data {

/// True if the first of the rows numbers the columns, as pandas does without names: "0,1,2" above
/// times.
bool numbers_columns(const std::vector<std::vector<std::string_view>>& rows);

/// True if the first of the rows names the columns: by a name that means a user, an item, a time or
/// a rating, or that an option asks for; or by a text above a column of numbers or times. A row of
/// values such as those below it is none.
bool has_header(const std::vector<std::vector<std::string_view>>& rows, const AskedColumns& asked);

}  // namespace elastic::data

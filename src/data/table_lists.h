// Lists within the fields of a table: "3 7 8", "[3, 7, 8]", "{3,7,8}".
#pragma once

#include <string>
#include <vector>

#include "data/column_roles.h"
#include "data/column_sample.h"
#include "data/fields.h"

namespace elastic::data {

/// How the lists in each column are written, as LogColumn::list says; "" for columns without.
std::vector<std::string> find_lists(const std::vector<ColumnSample>& columns,
                                    const RowSyntax& syntax);

/// The separator of lists that the values seem to hold: most have several entries, which recur in
/// other values; "" if they do not.
std::string likely_list(const std::vector<std::string_view>& values);

/// True if most values of a column are entries of the lists of another.
bool hold_entries(const ColumnSample& lists, const std::string& list, const ColumnSample& values);

/// True if the lists of a user's rows continue each other, as far as the rows show it.
bool are_prefixes(const ColumnSample& users, const ColumnSample& lists, const std::string& list);

}  // namespace elastic::data

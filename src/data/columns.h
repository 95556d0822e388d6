// The meaning of a table's columns: from their names, their number, or the options.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "data/fields.h"
#include "data/format.h"

namespace elastic::data {

const char* name_of(Column column);

/// Columns by the names of a header; a RecBole type such as ":token" in "user_id:token" is dropped.
/// Empty unless both user and item are among them; columns with other names become kIgnored.
std::vector<Column> columns_of_header(const std::vector<std::string_view>& fields);

/// Parses a list such as "user,item,-,timestamp". Throws UsageError naming --columns.
std::vector<Column> parse_columns(const std::string& text);

/// Infers the meaning of 2 to 4 unnamed columns: user, item, rating, timestamp. With three, the
/// last is a timestamp if every row of `rows` parses only as one. `path` is for messages. Throws
/// DataError for any other `count`.
std::vector<Column> columns_by_count(std::size_t count,
                                     const std::vector<std::string_view>& rows,
                                     FieldSplitter& splitter,
                                     const std::string& path);

}  // namespace elastic::data

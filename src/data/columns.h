// What the columns of a table hold: by their names, their number, or as told.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "data/fields.h"
#include "data/format.h"

namespace elastic::data {

const char* name_of(Column column);

/// By the names of a header (of RecBole's "user_id:token" the part before the colon); empty unless
/// both user and item are among them. Columns of other names are ignored.
std::vector<Column> columns_of_header(const std::vector<std::string_view>& fields);

/// Of "user,item,-,timestamp". Throws UsageError naming --columns.
std::vector<Column> parse_columns(const std::string& text);

/// Of 2 to 4 unnamed columns; in a third of three stand times if all of `rows` can only be such.
/// `path` is for messages. Throws DataError for another `count`.
std::vector<Column> columns_by_count(std::size_t count,
                                     const std::vector<std::string_view>& rows,
                                     FieldSplitter& splitter,
                                     const std::string& path);

}  // namespace elastic::data

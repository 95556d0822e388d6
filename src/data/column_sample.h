// A column of a log, or of a file of items, with some of its values.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

/// A column with some of its values; of lists, their first entries.
struct ColumnSample {
  std::string name;  ///< in the header, or the key of objects; "": there is no header
  std::vector<std::string_view> values;
  bool is_list = false;
};

/// "'user_id' (column 1)" or "column 1", for messages.
std::string shown(const std::vector<ColumnSample>& columns, std::size_t at);
/// The names of the columns, or their numbers, for messages.
std::string names_of(const std::vector<ColumnSample>& columns);

/// The first field of each row; "" for a row without fields.
std::vector<std::string_view> first_fields(const std::vector<std::vector<std::string_view>>& rows);

/// True if the values of the first rows, at most 20 and at least two, are their numbers from 0
/// or 1.
bool counts_rows(const std::vector<std::string_view>& values);

}  // namespace elastic::data

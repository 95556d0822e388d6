// The values of one row of a log, table or objects alike.
#pragma once

#include <string_view>
#include <vector>

namespace elastic::data {

/// The values of one column in one row: one entry, or the entries of a list. Without an entry and
/// not a list, the value is missing. The views are valid until the next row is read.
struct FieldValues {
  std::vector<std::string_view> entries;
  bool is_list = false;
};

/// One FieldValues per column that is read.
using Record = std::vector<FieldValues>;

}  // namespace elastic::data

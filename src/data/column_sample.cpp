#include "data/column_sample.h"

#include <algorithm>

#include "base/error.h"

namespace elastic::data {

std::string shown(const std::vector<ColumnSample>& columns, std::size_t at) {
  return columns[at].name.empty() ? concat("column ", at + 1)
                                  : concat("'", columns[at].name, "' (column ", at + 1, ")");
}

std::string names_of(const std::vector<ColumnSample>& columns) {
  constexpr std::size_t kMost = 20;
  std::string names;
  for (std::size_t i = 0; i < std::min(columns.size(), kMost); ++i) {
    names += concat(i == 0 ? "" : ", ",
                    columns[i].name.empty() ? std::to_string(i + 1) : columns[i].name);
  }
  return columns.size() > kMost ? concat(names, ", ... (", columns.size(), " columns)") : names;
}

std::vector<std::string_view> first_fields(const std::vector<std::vector<std::string_view>>& rows) {
  std::vector<std::string_view> firsts;
  for (const auto& row : rows) {
    firsts.push_back(row.empty() ? std::string_view() : row.front());
  }
  return firsts;
}

bool counts_rows(const std::vector<std::string_view>& values) {
  constexpr std::size_t kEnough = 20;  // the sample of a long file has gaps
  for (std::size_t i = 0; i < std::min(values.size(), kEnough); ++i) {
    if (values[i] != std::to_string(i + 1) && values[i] != std::to_string(i)) {
      return false;
    }
  }
  return values.size() > 1;
}

}  // namespace elastic::data

// The columns of a log with what their names and values say.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/column_content.h"
#include "data/column_names.h"
#include "data/column_sample.h"

namespace elastic::data {

struct ColumnFacts {
  explicit ColumnFacts(const std::vector<ColumnSample>& sampled);

  const std::vector<ColumnSample>& columns;
  std::vector<NameMeaning> meanings;
  std::vector<ColumnContent> contents;
  bool has_names = false;  ///< of a header or of objects
  bool named = false;      ///< some name means a user or an item

  /// "'user_id' (column 1)" or "column 1"; for messages.
  [[nodiscard]] std::string shown(std::size_t at) const;
  /// The value of an option that names the column: its number if the name needs quotes.
  [[nodiscard]] std::string argument(std::size_t at) const;
  /// At most 20 names, or numbers.
  [[nodiscard]] std::string names() const;

  /// The values count the rows from 0 or 1.
  [[nodiscard]] bool counts_rows(std::size_t at) const;
  /// Rows with the same value in column `from` have the same value in column `to`, and values of
  /// `from` repeat often enough to show it.
  [[nodiscard]] bool determines(std::size_t from, std::size_t to) const;
};

}  // namespace elastic::data

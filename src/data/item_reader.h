// Reads some columns of a file of items, row by row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/items_form.h"

namespace elastic::data {

class ItemReader {
 public:
  /// `text` is as detect_items_form left it. `columns`: from 0.
  ItemReader(std::string_view text, const ItemsForm& form, const std::vector<std::size_t>& columns);

  /// Reads the next row that is not blank; false at the end. Rows that cannot be read are counted
  /// and passed over.
  bool next();
  /// Of the latest row, one per column; "" if the row lacks it. Valid until the next call of
  /// next().
  [[nodiscard]] const std::vector<std::string_view>& values() const { return values_; }

  [[nodiscard]] std::int64_t num_bad_rows() const { return num_bad_rows_; }
  /// "line 7: ..." of the first bad row; "" if there is none.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  bool read(std::string_view line);
  void note_bad(const std::string& problem);

  const ItemsForm& form_;
  const std::vector<std::size_t> columns_;
  LineWalker lines_;
  ItemRow row_;
  ObjectReader objects_;
  Record record_;
  std::vector<std::string_view> values_;
  std::int64_t num_bad_rows_ = 0;
  std::string problem_;
};

}  // namespace elastic::data

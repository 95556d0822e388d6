// Splits a row of a table of items, in which titles may hold the separator without quotes.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "data/fields.h"

namespace elastic::data {

/// How the rows of a table of items are written.
struct ItemRowSyntax {
  RowSyntax fields{};
  bool blank_is_text = false;   ///< a separator before a blank is a part of the text
  std::size_t num_columns = 0;  ///< 0: any
  std::size_t wide_column = 0;  ///< takes the fields beyond `num_columns`, with their separators
};

class ItemRow {
 public:
  explicit ItemRow(ItemRowSyntax syntax) : syntax_(std::move(syntax)), splitter_(syntax_.fields) {}
  /// At most `num_columns` fields. The views are valid as long as `line`, and until the next call.
  const std::vector<std::string_view>& split(std::string_view line);

 private:
  [[nodiscard]] std::string_view joined(std::string_view first,
                                        std::string_view last,
                                        std::string_view line);

  ItemRowSyntax syntax_;
  FieldSplitter splitter_;
  std::vector<std::string_view> fields_;
  std::deque<std::string> texts_;
};

}  // namespace elastic::data

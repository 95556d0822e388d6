// The form of a file of items: a table or objects, its header and columns.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "data/column_roles.h"
#include "data/column_sample.h"
#include "data/dataset.h"
#include "data/item_row.h"
#include "data/objects.h"

namespace elastic::data {

/// The options of a file of items. Each is the name of a column in the header, its number from 1,
/// or a key of objects; "": detected.
struct TitleOptions {
  std::string id_column;
  std::string title_column;
  bool operator==(const TitleOptions&) const = default;
};

struct ItemsForm {
  std::optional<ObjectSyntax> objects{};  ///< none: a table
  ItemRowSyntax rows{};                   ///< of a table
  bool has_header = false;
  std::size_t first_line = 1;           ///< after the header and Excel's "sep=;"
  std::vector<ColumnSample> columns{};  ///< with the values of the first rows
  std::deque<std::string> values{};     ///< those that are not in the text as they are

  /// "comma-separated, header", for people.
  [[nodiscard]] std::string describe() const;
};

/// Detects the form. Lays out objects in `text` as one per line; the form's values point into it.
/// A first row that holds an item of `dataset` where the other rows do is not a header. Throws
/// DataError naming `path` if the text is empty or has no columns.
ItemsForm detect_items_form(std::string& text,
                            const std::string& path,
                            const TitleOptions& options,
                            const Dataset& dataset);

}  // namespace elastic::data

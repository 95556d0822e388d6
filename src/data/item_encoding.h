// How the features of items become numbers: fitted once, then the same for every later file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/feature_table.h"

namespace elastic::data {

/// A column of numbers gives each of its numbers less its mean, divided by its standard deviation,
/// both over the items of the data; a missing number is 0, the mean. A column of texts gives a 0 or
/// 1 for each category, where '|' separates the categories of an item.
struct EncodedColumn {
  std::string name;
  std::vector<std::string> categories;  ///< in the order of their bytes; empty for numbers
  std::vector<double> means;            ///< one per number of an item; empty for categories
  std::vector<double> scales;

  [[nodiscard]] std::size_t width() const {
    return categories.empty() ? means.size() : categories.size();
  }
};

class ItemEncoding {
 public:
  /// Fits the columns to the given rows, those of the items of the data. A column holds numbers if
  /// all its values do. A category needs two items. Left out are columns in which most items have
  /// no such category (titles), or all have the same number. Appends a line about each column to
  /// `notes`. Throws DataError naming the file if lists of numbers differ in length, a list is
  /// mixed with texts, or no column or more than 65536 features are left.
  static ItemEncoding fit(const FeatureTable& table,
                          std::span<const std::size_t> rows,
                          std::vector<std::string>& notes);
  /// The inverse of text(). Throws CheckpointError naming `source`.
  static ItemEncoding parse(const std::string& text, const std::string& source);
  /// A JSON object.
  [[nodiscard]] std::string text() const;

  [[nodiscard]] const std::vector<EncodedColumn>& columns() const { return columns_; }
  /// Features per item, J.
  [[nodiscard]] std::int64_t num_features() const;
  /// The features [rows, J] of an item per entry: its row of the table, or nullopt for an item
  /// without features, which are 0. Unknown categories give nothing. Throws DataError naming the
  /// file if a column is missing, or a value is not of its kind.
  [[nodiscard]] std::vector<float> encode(const FeatureTable& table,
                                          std::span<const std::optional<std::size_t>> rows) const;

 private:
  std::vector<EncodedColumn> columns_;
};

}  // namespace elastic::data

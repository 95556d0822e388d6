// A file of items' features: a table with a header, a JSON object per line, or a matrix.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace elastic::data {

/// The value of an item in a column: a text, or numbers if it is a list of numbers.
struct FeatureCell {
  std::string text;  ///< texts of a list are joined by '|'; "" for none
  std::vector<double> numbers;
};

struct FeatureTable {
  std::string path;
  std::string form;                            ///< "comma-separated" or "JSON lines", for people
  std::string id_column;                       ///< its name
  std::vector<std::string> columns;            ///< names of the others, distinct
  std::vector<std::string> ids;                ///< [rows]
  std::vector<std::vector<FeatureCell>> rows;  ///< each with a cell per column
  std::vector<std::size_t> lines;              ///< [rows] numbers of the lines, from 1

  /// The row of each of these ids, the last one if several have it; nullopt for none.
  [[nodiscard]] std::vector<std::optional<std::size_t>> rows_of(
      std::span<const std::string> wanted) const;
  /// The column of the titles, by its name.
  [[nodiscard]] std::optional<std::size_t> title_column() const;
  /// "FILE:7: ", for messages about a row.
  [[nodiscard]] std::string place(std::size_t row) const;
};

/// Reads such a file, plain or compressed; its separator is detected. Matrices are
/// .npy files and safetensors (data/vector_table.h). The id column is the one
/// whose name is surest to mean ids (movieId, asin, id), else the first. Values of objects that are
/// neither texts, numbers, booleans nor lists of these are left out. Throws DataError naming file
/// and line for a file without rows or names of columns, and for a row that cannot be read or has
/// no id.
FeatureTable read_feature_table(const std::string& path);

}  // namespace elastic::data

// Titles of items, read from a file.
#pragma once

#include <cstdint>
#include <string>

#include "data/dataset.h"
#include "data/items_form.h"

namespace elastic::data {

struct TitleReport {
  std::string detected;         ///< description of the format and of the columns, for people
  std::int64_t num_titles = 0;  ///< items of the data set with a title
};

/// Reads a file of items, a table or objects, plain or compressed, and sets the titles of the data
/// set's items; of several rows of an item, the last one counts. Rows of unknown items are passed
/// over. The id column is the one that the options name, else the one whose values are items of the
/// data; where several are, the one that is called so. The title column is the one that the options
/// name, else the one that is called so, else the one that looks like titles. Throws DataError
/// naming the file if a column is not found or holds no item of the data, UsageError for an option
/// that names no column.
TitleReport read_titles(const std::string& path, const TitleOptions& options, Dataset& dataset);

}  // namespace elastic::data

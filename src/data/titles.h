// Titles of items, read from a file.
#pragma once

#include <cstdint>
#include <string>

#include "data/dataset.h"

namespace elastic::data {

struct TitleReport {
  std::string detected;         ///< description of the format, for people
  std::int64_t num_titles = 0;  ///< items of the data set with a title
};

/// Reads a table of items, plain or compressed, and sets the titles of the data set's items. The id
/// column is the one named by a header (item, movieId, ...), else the first. The title column is
/// the one named title or name, else the first other column that is mostly words. Text that is not
/// UTF-8 is read as Latin-1. Rows of unknown items are skipped. Throws DataError naming the file if
/// there is no title column or no known item.
TitleReport read_titles(const std::string& path, Dataset& dataset);

}  // namespace elastic::data

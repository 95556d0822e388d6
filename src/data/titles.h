// Names of items for people.
#pragma once

#include <cstdint>
#include <string>

#include "data/dataset.h"

namespace elastic::data {

struct TitleReport {
  std::string detected;         ///< what the file looks like, for people
  std::int64_t num_titles = 0;  ///< items of the data set that got one
};

/// Reads a table of items (plain or compressed) and gives the data set's items their titles. The id
/// column is the one a header names (item, movieId, ...), else the first; the title column the one
/// named title or name, else the first other one that is mostly words. Text that is not UTF-8 is
/// taken as Latin-1. Rows of unknown items are passed over. Throws DataError naming the file when
/// no title column is found or no item is known.
TitleReport read_titles(const std::string& path, Dataset& dataset);

}  // namespace elastic::data

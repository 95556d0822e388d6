// The columns that the options of reading name.
#pragma once

#include <cstddef>
#include <string>

#include "data/read_options.h"

namespace elastic::data {

/// The columns that the options name, each "" if it is not named.
struct AskedColumns {
  std::string user;
  std::string item;
  std::string time;
  std::string rating;
  std::size_t num_positions = 0;  ///< of --columns by position; 0: by name
};

/// Throws UsageError naming the option.
AskedColumns asked_columns(const ReadOptions& options);

}  // namespace elastic::data

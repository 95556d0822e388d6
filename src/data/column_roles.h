// Which columns hold the users, items, times and ratings: by the options, by their names, and by
// their values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/column_sample.h"
#include "data/read_options.h"
#include "data/time_format.h"

namespace elastic::data {

/// The columns of a log, from 0.
struct ColumnRoles {
  std::optional<std::size_t> user;  ///< none: each list is a user's history
  std::size_t item = 0;
  std::optional<std::size_t> rating;
  std::optional<std::size_t> time;
  std::optional<std::size_t> time_of_day;
  TimeFormat time_format{};
  TimeFormat time_of_day_format{};
  /// For people: columns that were passed over, and choices that the names do not confirm.
  std::vector<std::string> notes;
};

/// `path` is for messages. Throws DataError if the columns cannot be told apart, UsageError for
/// options that do not match them; both name the options that help.
ColumnRoles choose_roles(const std::vector<ColumnSample>& columns,
                         const ReadOptions& options,
                         const std::string& path);

}  // namespace elastic::data

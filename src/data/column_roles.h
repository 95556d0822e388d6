// Which columns hold the users, items, times and ratings: by the options, by their names, and by
// their values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/read_options.h"
#include "data/time_format.h"

namespace elastic::data {

/// A column with some of its values; of lists, their first entries.
struct ColumnSample {
  std::string name;  ///< in the header, or the key of objects; "": there is no header
  std::vector<std::string_view> values;
  bool is_list = false;
};

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

/// "'user_id' (column 1)" or "column 1", for messages.
std::string shown(const std::vector<ColumnSample>& columns, std::size_t at);
/// The names of the columns, or their numbers, for messages.
std::string names_of(const std::vector<ColumnSample>& columns);

/// The number of the column called `text`, or with this number from 1. Throws UsageError naming
/// `option` and the columns.
std::size_t find_column(const std::string& text,
                        const std::vector<ColumnSample>& columns,
                        const std::string& option,
                        const std::string& path);

/// True if a header holds these fields: one is named as an option asks, or means a user, item, time
/// or rating, and none is a number.
bool is_known_header(const std::vector<std::string_view>& fields, const AskedColumns& asked);

/// `path` is for messages. Throws DataError if the columns cannot be told apart, UsageError for
/// options that do not match them; both name the options that help.
ColumnRoles choose_roles(const std::vector<ColumnSample>& columns,
                         const ReadOptions& options,
                         const std::string& path);

}  // namespace elastic::data

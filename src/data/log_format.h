// The form of a log and the columns that are read from it, as detection or options decided.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/choice.h"
#include "data/fields.h"
#include "data/keep_rule.h"
#include "data/objects.h"
#include "data/time_format.h"

namespace elastic::data {

enum class Role { kUser, kItem, kRating, kTime, kTimeOfDay, kPrefix, kKept };
constexpr auto choices_of(Role) {
  using enum Role;
  return std::to_array<Choice<Role>>({{kUser, "user"},
                                      {kItem, "item"},
                                      {kRating, "rating"},
                                      {kTime, "timestamp"},
                                      {kTimeOfDay, "time_of_day"},
                                      {kPrefix, "earlier items"},
                                      {kKept, "kept"}});
}

enum class Layout {
  kTable,      ///< one event per row, or a row with a list of items
  kSequences,  ///< one user per line, followed by the items, oldest first
  kHistories,  ///< the items of one user per line, oldest first; the user is the line's number
  kObjects,    ///< objects: an event each, or a user with a list
};
constexpr auto choices_of(Layout) {
  using enum Layout;
  return std::to_array<Choice<Layout>>({{kTable, "table"},
                                        {kSequences, "sequences"},
                                        {kHistories, "histories"},
                                        {kObjects, "objects"}});
}

/// A column that is read.
struct LogColumn {
  Role role = Role::kKept;
  std::size_t position = 0;  ///< in a table, from 0
  std::string name = "";     ///< in the header; the key of objects; "": unnamed
  /// The separator of the list in each field of a table; "[" for lists in brackets; "": no list.
  std::string list = "";
  bool operator==(const LogColumn&) const = default;
};

struct LogFormat {
  Layout layout = Layout::kTable;
  RowSyntax syntax{};  ///< of tables, sequences and histories
  ObjectSyntax objects = ObjectSyntax::kJson;
  std::vector<LogColumn> columns;  ///< one of each role, but several that are kept
  std::size_t num_columns = 0;     ///< of a table; longer rows are bad unless `open_ended`
  bool open_ended = false;         ///< rows may be longer than `num_columns`
  bool has_header = false;
  /// The header and other lines to pass over wherever they occur.
  std::vector<std::string> skipped_lines;
  std::string comment;       ///< the start of lines to pass over; "": none
  bool group_heads = false;  ///< a line "17:" names the item of the lines that follow it
  bool prefixes = false;     ///< a user's rows repeat the history: the longest holds all
  TimeFormat time_format{};
  TimeFormat time_of_day_format{};
  std::vector<KeepRule> keep;  ///< of the columns with role kKept, in their order

  /// The column of the role; null if there is none.
  [[nodiscard]] const LogColumn* find(Role role) const;
  [[nodiscard]] bool has_lists() const;
  /// The user of a line is its number: the log holds none.
  [[nodiscard]] bool numbers_users() const;
  /// "comma-separated, header, columns user item rating timestamp", for people.
  [[nodiscard]] std::string describe() const;
  /// True if rows of both mean the same, so that several files can be read as one log.
  [[nodiscard]] bool same_form(const LogFormat& other) const;
};

/// For a run's files: the format of later questions and streams.
nlohmann::ordered_json to_json(const LogFormat& format);
/// Throws DataError if the JSON does not describe a format.
LogFormat log_format_from_json(const nlohmann::ordered_json& json);

}  // namespace elastic::data

// Lines in the form of the log that a run was trained on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/fields.h"
#include "data/log_format.h"
#include "data/row_parser.h"

namespace elastic::cli {

/// Reads users and items of single lines, and times if they are asked for. Ratings, and times that
/// are not asked for, are not read: they may be wrong, and in objects they may be missing.
class LogRows {
 public:
  /// With `units_per_second`, that of the log's times, times are read.
  explicit LogRows(data::LogFormat format, std::optional<std::int64_t> units_per_second = {});
  LogRows(const LogRows&) = delete;  // the parser refers to the format
  LogRows& operator=(const LogRows&) = delete;

  /// Of rows that give a user. In a log without users, a user is the number of a line.
  [[nodiscard]] bool has_users() const;
  [[nodiscard]] bool has_objects() const { return format_.layout == data::Layout::kObjects; }
  /// Lines hold a history each, not one event.
  [[nodiscard]] bool has_histories() const;
  /// A row repeats the user's history.
  [[nodiscard]] bool repeats_history() const { return format_.prefixes; }
  /// The separator is one that may separate the ids of other lines, too.
  [[nodiscard]] bool is_blank_separated() const;

  /// True if a line that is not an object has more than one field of the log.
  bool has_fields(std::string_view line);
  /// The id in a line of one field, without its quotes; else `line`.
  std::string_view only_field(std::string_view line);

  data::RowParser::Result read(std::string_view line, std::int64_t number) {
    return parser_.read(line, number);
  }
  /// False for a row that the log's conditions leave out.
  [[nodiscard]] bool has_events() const { return !parser_.events().empty(); }
  /// Of the latest row with events: its user and items.
  [[nodiscard]] std::string user() const;
  [[nodiscard]] std::vector<std::string> items() const;
  /// In whole seconds, one for each of `items`; nullopt if no times are read, or the log has none.
  [[nodiscard]] std::optional<std::vector<std::int64_t>> times() const;
  [[nodiscard]] bool has_one_user() const;
  /// Of the latest line.
  [[nodiscard]] const std::string& problem() const { return parser_.problem(); }

 private:
  std::optional<std::int64_t> units_per_second_;
  data::LogFormat format_;
  data::RowParser parser_;
  data::FieldSplitter splitter_;
};

/// The object in a line of a list of objects, "[{...}", "{...}," or "{...}]"; "" if the line holds
/// a bracket or comma alone; else `line`.
std::string_view without_list(std::string_view line);

}  // namespace elastic::cli

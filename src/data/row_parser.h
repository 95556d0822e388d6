// Parses lines of a log into events.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "data/fields.h"
#include "data/interactions.h"
#include "data/list_field.h"
#include "data/log_format.h"
#include "data/objects.h"

namespace elastic::data {

/// An event as a row gives it, before its ids are numbered. Views are valid until the next row.
struct RowEvent {
  std::string_view user;
  std::string_view item;
  Event event;  ///< rating and time
};

/// Reads the events of single lines.
class RowParser {
 public:
  enum class Result {
    kEvents,   ///< see events(), which may be empty: the conditions of --keep
    kPassed,   ///< a header, a comment, a blank line or a group head
    kProblem,  ///< see problem()
  };

  /// `format` must outlive the parser. `first_line`, from 1, numbers the users of histories.
  explicit RowParser(const LogFormat& format);
  Result read(std::string_view line, std::int64_t line_number);

  /// Of the latest line. Without a user column `user` is the line's number.
  [[nodiscard]] const std::vector<RowEvent>& events() const { return events_; }
  /// The problem and its column.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  bool is_passed(std::string_view line) const;
  [[nodiscard]] bool has_width(const std::vector<std::string_view>& fields) const;
  std::string read_row(const std::vector<std::string_view>& fields);
  std::string read_plain_row(const std::vector<std::string_view>& fields);
  std::string read_sequence(const std::vector<std::string_view>& fields);
  std::string read_history(std::string_view line);
  std::string read_object(std::string_view line);
  std::string read_record(const Record& record);
  [[nodiscard]] bool keeps(const Record& record, std::optional<std::size_t> at) const;
  std::string count_entries(const Record& record, std::size_t& count) const;
  void add_prefix(const Record& record);
  std::string set_value(const LogColumn& column, std::string_view text, RowEvent& event) const;
  [[nodiscard]] std::string place(const LogColumn& column) const;

  const LogFormat& format_;
  FieldSplitter splitter_;
  std::vector<ListSplitter> lists_;  // one for each column
  ObjectReader objects_;
  Record record_;
  std::string group_;        // the item of the latest group head
  std::string line_number_;  // the user of a history
  std::vector<RowEvent> events_;
  std::string problem_;
  std::vector<std::size_t> kept_;  // the columns of the conditions, in their order
  bool plain_ = false;             // a table without lists
  bool numbers_users_ = false;     // the user is the number of the line
};

}  // namespace elastic::data

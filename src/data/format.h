// What a file of interactions looks like: detected from its first lines, or told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

/// How to read a log; "auto" and "" are detected, and the detection is reported.
struct ReadOptions {
  std::string format = "auto";       ///< auto, table (a row an event) or sequences (a line a user)
  std::string separator = "auto";    ///< auto, tab, comma, space, semicolon, pipe or ::
  std::string columns = "";          ///< e.g. "user,item,timestamp"; "-" for one to pass over
  std::string on_bad_row = "error";  ///< error, or skip: count the row and go on
};

enum class Column { kUser, kItem, kRating, kTimestamp, kIgnored };

struct LogFormat {
  bool sequences = false;  ///< a line: user, then the items, oldest first
  std::string separator;
  bool header = false;
  std::vector<Column> columns;  ///< of a table
  /// For people: "comma-separated, header, columns user item rating timestamp".
  [[nodiscard]] std::string describe() const;
};

/// From the first lines of `text`. `path` is for messages. Throws DataError when the text is empty
/// or fits no known form, UsageError when an option has no known value.
LogFormat detect_format(std::string_view text, const std::string& path, const ReadOptions& options);

}  // namespace elastic::data

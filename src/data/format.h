// What a file of interactions looks like: detected from its first lines, or told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

/// How to read a log; "auto" and "" are detected, and the detection is reported.
struct ReadOptions {
  /// auto, table (a row an event), sequences (a line a user) or jsonl (a JSON object a line)
  std::string format = "auto";
  std::string separator = "auto";    ///< auto, tab, comma, space, semicolon, pipe or ::
  std::string columns = "";          ///< e.g. "user,item,timestamp"; "-" for one to pass over
  std::string on_bad_row = "error";  ///< error, or skip: count the row and go on
  std::string cache_folder = "";     ///< where large files are kept parsed; "": nowhere
};

/// Throws UsageError for an option that has no known value, or no effect beside the others.
void check(const ReadOptions& options);

enum class Column { kUser, kItem, kRating, kTimestamp, kIgnored };

enum class Layout {
  kTable,      ///< a row an event
  kSequences,  ///< a line: user, then the items, oldest first
  kObjects,    ///< a JSON object a line: an event, or a user with a list of items
};

struct LogFormat {
  Layout layout = Layout::kTable;
  std::string separator;
  bool header = false;
  std::vector<Column> columns;    ///< of a table, or what the keys hold
  std::vector<std::string> keys;  ///< of objects
  bool iso_times = false;         ///< timestamps are dates and times, not numbers
  /// For people: "comma-separated, header, columns user item rating timestamp".
  [[nodiscard]] std::string describe() const;
};

/// From the first lines of `text`. `path` is for messages. Throws DataError when the text is empty
/// or fits no known form, UsageError when the options do not fit the text.
LogFormat detect_format(std::string_view text, const std::string& path, const ReadOptions& options);

}  // namespace elastic::data

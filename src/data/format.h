// The format of a file of interactions: detected from its first lines, or set by options.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

/// How to read a log. For "auto" and "" the format is detected and reported.
struct ReadOptions {
  /// auto, table (one event per row), sequences (one user per line) or jsonl (one JSON object per
  /// line)
  std::string format = "auto";
  std::string separator = "auto";    ///< auto, tab, comma, space, semicolon, pipe or ::
  std::string columns = "";          ///< e.g. "user,item,timestamp"; "-" for a column to ignore
  std::string on_bad_row = "error";  ///< error, or skip: count bad rows and continue
  std::string cache_folder = "";     ///< for parsed copies of large files; "": no cache
};

/// Throws UsageError for an option with an unknown value, or without effect given the others.
void check(const ReadOptions& options);

enum class Column { kUser, kItem, kRating, kTimestamp, kIgnored };

enum class Layout {
  kTable,      ///< one event per row
  kSequences,  ///< one user per line, followed by the items, oldest first
  kObjects,    ///< one JSON object per line: an event, or a user with a list of items
};

struct LogFormat {
  Layout layout = Layout::kTable;
  std::string separator;
  bool header = false;
  std::vector<Column> columns;    ///< of a table, or of `keys`
  std::vector<std::string> keys;  ///< of objects, as many as `columns`
  bool iso_times = false;         ///< timestamps are dates and times, not numbers
  /// A description for people: "comma-separated, header, columns user item rating timestamp".
  [[nodiscard]] std::string describe() const;
};

/// Detects the format from the first lines of `text`; `path` is for messages. Throws DataError if
/// the text is empty or has no known format, UsageError if the options do not match the text.
LogFormat detect_format(std::string_view text, const std::string& path, const ReadOptions& options);

}  // namespace elastic::data

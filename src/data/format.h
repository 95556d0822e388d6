// The format of a file of interactions: detected from its first lines, or set by options.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/choice.h"
#include "data/separator.h"

namespace elastic::data {

enum class FileFormat { kAuto, kTable, kSequences, kJsonl };
constexpr auto choices_of(FileFormat) {
  using enum FileFormat;
  return std::to_array<Choice<FileFormat>>({{kAuto, "auto"},
                                            {kTable, "table", "one event per row"},
                                            {kSequences, "sequences", "one user per line"},
                                            {kJsonl, "jsonl", "one JSON object per line"}});
}

enum class BadRows { kError, kSkip };
constexpr auto choices_of(BadRows) {
  using enum BadRows;
  return std::to_array<Choice<BadRows>>(
      {{kError, "error"}, {kSkip, "skip", "count them and continue"}});
}

/// How to read a log. For auto and "" the format is detected and reported.
struct ReadOptions {
  FileFormat format = FileFormat::kAuto;
  Separator separator{};
  std::string columns = "";  ///< e.g. "user,item,timestamp"; "-" for a column to ignore
  BadRows on_bad_row = BadRows::kError;
  std::string cache_folder = "";  ///< for parsed copies of large files; "": no cache

  bool operator==(const ReadOptions&) const = default;
};

/// Throws UsageError for invalid columns, or an option without effect given the others.
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

// What a file of interactions looks like: detected from its first lines, or told.
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
                                            {kTable, "table", "a row an event"},
                                            {kSequences, "sequences", "a line a user"},
                                            {kJsonl, "jsonl", "a JSON object a line"}});
}

enum class BadRows { kError, kSkip };
constexpr auto choices_of(BadRows) {
  using enum BadRows;
  return std::to_array<Choice<BadRows>>(
      {{kError, "error"}, {kSkip, "skip", "count them and go on"}});
}

/// How to read a log; what is auto or "" is detected, and the detection is reported.
struct ReadOptions {
  FileFormat format = FileFormat::kAuto;
  Separator separator{};
  std::string columns = "";  ///< e.g. "user,item,timestamp"; "-" for one to pass over
  BadRows on_bad_row = BadRows::kError;
  std::string cache_folder = "";  ///< where large files are kept parsed; "": nowhere

  bool operator==(const ReadOptions&) const = default;
};

/// Throws UsageError for columns that cannot be, or an option of no effect beside the others.
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

// The options that say how a log is written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/choice.h"
#include "data/separator.h"

namespace elastic::data {

enum class FileFormat { kAuto, kTable, kSequences, kHistories, kJsonl };
constexpr auto choices_of(FileFormat) {
  using enum FileFormat;
  return std::to_array<Choice<FileFormat>>(
      {{kAuto, "auto"},
       {kTable, "table", "one event per row"},
       {kSequences, "sequences", "a user, then items, per line"},
       {kHistories, "histories", "the items of one user per line, without the user"},
       {kJsonl, "jsonl", "JSON objects"}});
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
  /// By position: "user,item,-,timestamp", "-" for a column to ignore; or by name:
  /// "user=visitor_id,item=sku".
  std::string columns = "";
  /// A header's name, a number from 1, or a key of JSON objects, dotted for nested ones; "-": the
  /// log has none.
  std::string user_column = "";
  std::string item_column = "";
  std::string time_column = "";
  std::string rating_column = "";
  std::string time_format = "";        ///< as strptime's; "": detected
  std::vector<std::string> keep = {};  ///< conditions such as "behavior=buy,cart"
  BadRows on_bad_row = BadRows::kError;
  double max_bad_rows = 0.05;        ///< largest share of bad rows to skip
  std::int64_t max_input_bytes = 0;  ///< of a file, read or unpacked; 0: half of the memory
  bool held_out = false;             ///< a part of a log, whose users may have one event each
  std::string cache_folder = "";     ///< for parsed copies of large files; "": no cache

  bool operator==(const ReadOptions&) const = default;
};

/// Throws UsageError for invalid columns, or an option without effect given the others.
void check(const ReadOptions& options);

}  // namespace elastic::data

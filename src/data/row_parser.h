// From a line of a log to its events.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/fields.h"
#include "data/format.h"
#include "data/interactions.h"

namespace elastic::data {

/// Adds events, users and items to a log, line by line.
class RowParser {
 public:
  /// Both must outlive the parser.
  RowParser(const LogFormat& format, Interactions& log);
  /// "" or what is wrong with the line, with the column; then the log is as before.
  std::string add(std::string_view line);

 private:
  std::string add_row(const std::vector<std::string_view>& fields);
  std::string add_sequence(const std::vector<std::string_view>& fields);
  std::string add_object(std::string_view line);
  void add_events(std::string_view user, const std::vector<std::string_view>& items, Event event);

  const LogFormat& format_;
  Interactions& log_;
  FieldSplitter splitter_;
  std::vector<std::string_view> items_;
};

}  // namespace elastic::data

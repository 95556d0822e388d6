// Parses lines of a log into events.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/fields.h"
#include "data/format.h"
#include "data/interactions.h"

namespace elastic::data {

/// Adds the events, users and items of single lines to a log.
class RowParser {
 public:
  /// `format` and `log` must outlive the parser.
  RowParser(const LogFormat& format, Interactions& log);
  /// Adds the events of a line. Returns "" or a description of the problem and its column, with the
  /// log unchanged.
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

#include "data/row_parser.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "data/moment.h"

namespace elastic::data {
namespace {

using nlohmann::json;

bool parse_rating(std::string_view field, Event& event) {
  const char* const last = field.data() + field.size();
  const auto [end, error] = std::from_chars(field.data(), last, event.rating);
  return error == std::errc() && end == last && std::isfinite(event.rating);
}

bool parse_timestamp(std::string_view field, bool iso, Event& event) {
  const auto moment = iso ? parse_iso_moment(field) : parse_number_moment(field);
  if (moment) {
    event.timestamp = moment->whole;
    event.billionths = moment->billionths;
  }
  return moment.has_value();
}

std::string expected(const char* what, const char* column, std::string_view got) {
  return concat("expected ", what, " as ", column, ", got '", excerpt(got), "'");
}

// Parses a rating or timestamp into `event`; returns "" or the problem.
std::string read_value(Column column, std::string_view field, bool iso_times, Event& event) {
  if (column == Column::kRating && !parse_rating(field, event)) {
    return expected("a number", "rating", field);
  }
  if (column == Column::kTimestamp && !parse_timestamp(field, iso_times, event)) {
    return expected(
        iso_times ? "a date or time like 2019-12-31T23:59:59" : "a number", "timestamp", field);
  }
  return "";
}

// "" or the problem with an id.
std::string check_id(const char* kind, std::string_view id) {
  constexpr std::size_t kLongest = 4096;
  if (id.empty()) {
    return concat("the ", kind, " is empty");
  }
  if (id.size() > kLongest) {
    return concat("the ", kind, " is longer than ", kLongest, " bytes");
  }
  if (id.find('\0') != std::string_view::npos) {
    return concat("the ", kind, " holds a zero byte");
  }
  return "";
}

std::string in_column(std::size_t column, const std::string& problem) {
  return problem.empty() ? "" : concat("column ", column + 1, ": ", problem);
}

// The text of a JSON string or number, as in a table; none for other values.
std::optional<std::string> text_of(const json& value) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  return value.is_number() ? std::optional(value.dump()) : std::nullopt;
}

}  // namespace

RowParser::RowParser(const LogFormat& format, Interactions& log)
    : format_(format), log_(log), splitter_(format.separator) {}

std::string RowParser::add(std::string_view line) {
  if (line.size() > kLongestLine) {
    return concat("the line is longer than ", kLongestLine, " bytes");
  }
  switch (format_.layout) {
    case Layout::kTable:
      return add_row(splitter_.split(line));
    case Layout::kSequences:
      return add_sequence(splitter_.split(line));
    case Layout::kObjects:
      return add_object(line);
  }
  return "";
}

std::string RowParser::add_row(const std::vector<std::string_view>& fields) {
  const std::vector<Column>& columns = format_.columns;
  if (fields.size() != columns.size()) {
    return concat("expected ", columns.size(), " fields, got ", fields.size());
  }
  Event event;
  std::string_view user;
  std::string_view item;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::string problem;
    switch (columns[i]) {
      case Column::kUser:
        user = fields[i];
        problem = check_id("user", user);
        break;
      case Column::kItem:
        item = fields[i];
        problem = check_id("item", item);
        break;
      case Column::kRating:
      case Column::kTimestamp:
        problem = read_value(columns[i], fields[i], format_.iso_times, event);
        break;
      case Column::kIgnored:
        break;
    }
    if (!problem.empty()) {
      return in_column(i, problem);
    }
  }
  event.user = log_.users.add(user);
  event.item = log_.items.add(item);
  log_.events.push_back(event);
  return "";
}

std::string RowParser::add_sequence(const std::vector<std::string_view>& fields) {
  if (fields.size() < 2) {
    return "expected a user and at least one item";
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (std::string problem = check_id(i == 0 ? "user" : "item", fields[i]); !problem.empty()) {
      return in_column(i, problem);
    }
  }
  items_.assign(fields.begin() + 1, fields.end());
  add_events(fields[0], items_, {});
  return "";
}

std::string RowParser::add_object(std::string_view line) {
  const json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    return "expected a JSON object";
  }
  Event event;
  std::string user;
  std::vector<std::string> items;
  for (std::size_t i = 0; i < format_.columns.size(); ++i) {
    const std::string& key = format_.keys[i];
    const auto found = object.find(key);
    if (found == object.end()) {
      return concat("expected a key \"", key, "\"");
    }
    const bool is_item = format_.columns[i] == Column::kItem;
    const bool is_id = is_item || format_.columns[i] == Column::kUser;
    const bool is_list = is_item && found->is_array();
    std::vector<std::string> values;
    for (std::size_t at = 0; at < (is_list ? found->size() : 1); ++at) {
      const json& value = is_list ? (*found)[at] : *found;
      const auto text = text_of(value);
      if (!text) {
        return concat("key \"", key, "\": expected text or a number, got ", value.type_name());
      }
      std::string problem = is_id ? check_id(is_item ? "item" : "user", *text)
                                  : read_value(format_.columns[i], *text, format_.iso_times, event);
      if (!problem.empty()) {
        return concat("key \"", key, "\": ", problem);
      }
      values.push_back(*text);
    }
    if (is_item) {
      items = std::move(values);
    } else if (format_.columns[i] == Column::kUser) {
      user = std::move(values.front());
    }
  }
  if (items.empty()) {
    return "expected at least one item";
  }
  items_.assign(items.begin(), items.end());
  add_events(user, items_, event);
  return "";
}

void RowParser::add_events(std::string_view user,
                           const std::vector<std::string_view>& items,
                           Event event) {
  event.user = log_.users.add(user);
  for (const std::string_view item : items) {
    event.item = log_.items.add(item);
    log_.events.push_back(event);
  }
}

}  // namespace elastic::data

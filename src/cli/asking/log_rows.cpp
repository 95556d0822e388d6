#include "cli/asking/log_rows.h"

#include <algorithm>
#include <utility>

#include "data/blanks.h"
#include "data/list_field.h"

namespace elastic::cli {
namespace {

data::LogFormat without_ratings(data::LogFormat format, bool with_times) {
  std::erase_if(format.columns, [with_times](const data::LogColumn& column) {
    const bool is_time = column.role == data::Role::kTime || column.role == data::Role::kTimeOfDay;
    return column.role == data::Role::kRating || (is_time && !with_times);
  });
  return format;
}

}  // namespace

LogRows::LogRows(data::LogFormat format, std::optional<std::int64_t> units_per_second)
    : units_per_second_(units_per_second),
      format_(without_ratings(std::move(format), units_per_second.has_value())),
      parser_(format_),
      splitter_(format_.syntax) {}

bool LogRows::has_users() const {
  return format_.layout == data::Layout::kSequences || format_.find(data::Role::kUser) != nullptr;
}

bool LogRows::has_histories() const {
  return format_.layout == data::Layout::kSequences || format_.layout == data::Layout::kHistories ||
         format_.prefixes || format_.has_lists();
}

bool LogRows::is_blank_separated() const {
  return format_.syntax.separator == " " || format_.syntax.separator == "\t";
}

bool LogRows::has_fields(std::string_view line) {
  if (format_.syntax.separator == "[") {
    return data::in_brackets(data::stripped(line));
  }
  return splitter_.split(line).size() > 1;
}

std::string_view LogRows::only_field(std::string_view line) {
  if (has_objects() || format_.syntax.separator == "[") {
    return line;
  }
  const auto& fields = splitter_.split(line);
  return fields.size() == 1 ? fields.front() : line;
}

std::string LogRows::user() const {
  return std::string(parser_.events().front().user);
}

std::vector<std::string> LogRows::items() const {
  std::vector<std::string> items;
  for (const data::RowEvent& event : parser_.events()) {
    items.emplace_back(event.item);
  }
  return items;
}

std::optional<std::vector<std::int64_t>> LogRows::times() const {
  if (!units_per_second_ || format_.find(data::Role::kTime) == nullptr) {
    return std::nullopt;
  }
  std::vector<std::int64_t> times;
  for (const data::RowEvent& event : parser_.events()) {
    times.push_back(data::to_seconds(data::moment_of(event.event), *units_per_second_).whole);
  }
  return times;
}

std::string_view without_list(std::string_view line) {
  if (line == "[" || line == "]" || line == ",") {
    return {};
  }
  if (line.starts_with('[') && data::stripped(line.substr(1)).starts_with('{')) {
    line = data::stripped(line.substr(1));
  }
  if (line.ends_with(',') || line.ends_with(']')) {
    const std::string_view before = data::stripped(line.substr(0, line.size() - 1));
    line = before.ends_with('}') ? before : line;
  }
  return line;
}

bool LogRows::has_one_user() const {
  const auto& events = parser_.events();
  return std::all_of(events.begin(), events.end(), [&](const data::RowEvent& event) {
    return event.user == events.front().user;
  });
}

}  // namespace elastic::cli

#include "data/row_parser.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "data/blanks.h"
#include "data/moment.h"

namespace elastic::data {
namespace {

bool parse_rating(std::string_view field, Event& event) {
  const char* const last = field.data() + field.size();
  const auto [end, error] = std::from_chars(field.data(), last, event.rating);
  return error == std::errc() && end == last && std::isfinite(event.rating);
}

// Adds a date, or the time of day beside it.
void add_time(const Moment& moment, Event& event) {
  const std::uint32_t billionths = event.billionths + moment.billionths;
  const bool carries = billionths >= kBillion;
  event.timestamp += moment.whole + (carries ? 1 : 0);
  event.set_billionths(carries ? billionths - kBillion : billionths);
}

std::string expected(const std::string& what, const char* column, std::string_view got) {
  return concat("expected ", what, " as ", column, ", got '", excerpt(got), "'");
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
  return {};
}

std::vector<std::string> keys_of(const LogFormat& format) {
  std::vector<std::string> keys;
  for (const LogColumn& column : format.columns) {
    keys.push_back(column.name);
  }
  return keys;
}

// The number before the colon of "17:"; empty for other lines.
std::string_view group_head(std::string_view line) {
  const std::string_view text = stripped(line);
  const bool is_head = text.ends_with(':') && is_number(text.substr(0, text.size() - 1));
  return is_head ? text.substr(0, text.size() - 1) : std::string_view();
}

// The value of the entry `at`; values that are no list are those of all entries.
std::string_view value_at(const FieldValues& values, std::size_t at) {
  return values.entries.empty() ? std::string_view()
         : values.is_list       ? values.entries[at]
                                : values.entries[0];
}

}  // namespace

RowParser::RowParser(const LogFormat& format)
    : format_(format),
      splitter_(format.syntax),
      lists_(format.columns.size() + 1),
      objects_(format.objects, keys_of(format)),
      record_(format.columns.size()),
      plain_(format.layout == Layout::kTable && !format.has_lists() && !format.group_heads &&
             !format.prefixes),
      numbers_users_(format.numbers_users()) {
  for (std::size_t i = 0; i < format.columns.size(); ++i) {
    if (format.columns[i].role == Role::kKept) {
      kept_.push_back(i);
    }
  }
}

bool RowParser::is_passed(std::string_view line) const {
  if (stripped(line).empty()) {
    return true;
  }
  if (!format_.comment.empty() && line.starts_with(format_.comment)) {
    return true;
  }
  return std::find(format_.skipped_lines.begin(), format_.skipped_lines.end(), line) !=
         format_.skipped_lines.end();
}

RowParser::Result RowParser::read(std::string_view line, std::int64_t line_number) {
  events_.clear();
  problem_.clear();
  if (line.size() > kLongestLine) {
    problem_ = concat("the line is longer than ", kLongestLine, " bytes");
    return Result::kProblem;
  }
  if (is_passed(line)) {
    return Result::kPassed;
  }
  if (format_.group_heads) {
    if (const std::string_view head = group_head(line); !head.empty()) {
      group_ = head;
      return Result::kPassed;
    }
  }
  if (numbers_users_) {
    line_number_ = std::to_string(line_number);
  }
  switch (format_.layout) {
    case Layout::kTable:
      problem_ = plain_ ? read_plain_row(splitter_.split(line)) : read_row(splitter_.split(line));
      break;
    case Layout::kSequences:
      problem_ = read_sequence(splitter_.split(line));
      break;
    case Layout::kHistories:
      problem_ = read_history(line);
      break;
    case Layout::kObjects:
      problem_ = read_object(line);
      break;
  }
  if (!problem_.empty()) {
    events_.clear();
    return Result::kProblem;
  }
  return Result::kEvents;
}

std::string RowParser::place(const LogColumn& column) const {
  return format_.layout == Layout::kObjects ? concat("key \"", column.name, "\": ")
                                            : concat("column ", column.position + 1, ": ");
}

// Reads `text` into the event; returns "" or the problem.
std::string RowParser::set_value(const LogColumn& column,
                                 std::string_view text,
                                 RowEvent& event) const {
  switch (column.role) {
    case Role::kUser:
      event.user = text;
      return check_id("user", text);
    case Role::kItem:
    case Role::kPrefix:
      event.item = text;
      return check_id("item", text);
    case Role::kRating:
      return parse_rating(text, event.event) ? std::string() : expected("a number", "rating", text);
    case Role::kTime: {
      const std::optional<Moment> moment = format_.time_format.parse(text);
      if (!moment) {
        const bool number = format_.time_format.is_number();
        return expected(number ? "a number" : concat("a time like ", format_.time_format.example()),
                        "timestamp",
                        text);
      }
      add_time(*moment, event.event);
      return {};
    }
    case Role::kTimeOfDay: {
      const std::optional<Moment> moment = format_.time_of_day_format.parse(text);
      if (!moment) {
        return expected("a time of day like 21:58:13", "timestamp", text);
      }
      add_time(*moment, event.event);
      return {};
    }
    case Role::kKept:
      return {};
  }
  return {};
}

// True for as many fields as columns; an empty one more if the row ends in a separator.
bool RowParser::has_width(const std::vector<std::string_view>& fields) const {
  const std::size_t count = format_.num_columns;
  return fields.size() == count ||
         (fields.size() > count &&
          (format_.open_ended || (fields.size() == count + 1 && fields.back().empty())));
}

std::string RowParser::read_plain_row(const std::vector<std::string_view>& fields) {
  if (!has_width(fields)) {
    return concat("expected ", format_.num_columns, " fields, got ", fields.size());
  }
  std::size_t rule = 0;
  for (const std::size_t kept : kept_) {  // first: rows to leave out may lack other values
    if (!format_.keep[rule++].keeps(fields[format_.columns[kept].position])) {
      return {};
    }
  }
  RowEvent event;
  event.user = line_number_;
  for (const LogColumn& column : format_.columns) {
    if (std::string problem = set_value(column, fields[column.position], event); !problem.empty()) {
      return place(column) + problem;
    }
  }
  events_.push_back(event);
  return {};
}

std::string RowParser::read_row(const std::vector<std::string_view>& fields) {
  if (!has_width(fields)) {
    return concat("expected ", format_.num_columns, " fields, got ", fields.size());
  }
  for (std::size_t i = 0; i < format_.columns.size(); ++i) {
    const LogColumn& column = format_.columns[i];
    FieldValues& values = record_[i];
    values.is_list = !column.list.empty();
    if (column.position == format_.num_columns) {
      values.entries.assign(1, group_);
    } else if (!values.is_list) {
      values.entries.assign(1, fields[column.position]);
    } else if (!lists_[i].split(fields[column.position], column.list, values.entries)) {
      return concat(place(column), "expected a list, got '", excerpt(fields[column.position]), "'");
    }
  }
  return read_record(record_);
}

std::string RowParser::read_sequence(const std::vector<std::string_view>& fields) {
  if (fields.size() < 2) {
    return "expected a user and at least one item";
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0 && fields[i].empty() && i + 1 == fields.size()) {
      break;  // the line ends in a separator
    }
    if (const std::string problem = check_id(i == 0 ? "user" : "item", fields[i]);
        !problem.empty()) {
      return concat("column ", i + 1, ": ", problem);
    }
    if (i > 0) {
      events_.push_back({fields[0], fields[i], Event()});
    }
  }
  return {};
}

std::string RowParser::read_history(std::string_view line) {
  std::vector<std::string_view>& items =
      record_.empty() ? record_.emplace_back().entries : record_.front().entries;
  const bool list = format_.syntax.separator == "[";
  if (list && !lists_[0].split(stripped(line), "[", items)) {
    return "expected a list in brackets";
  }
  if (!list) {
    const auto& fields = splitter_.split(line);
    items.assign(fields.begin(), fields.end());
  }
  for (const std::string_view item : items) {
    if (const std::string problem = check_id("item", item); !problem.empty()) {
      return problem;
    }
    events_.push_back({line_number_, item, Event()});
  }
  return {};
}

std::string RowParser::read_object(std::string_view line) {
  const std::string problem = objects_.read(line, record_);
  return problem.empty() ? read_record(record_) : problem;
}

// True if the conditions on values of the row, or with `at` on those of the entry, are met.
bool RowParser::keeps(const Record& record, std::optional<std::size_t> at) const {
  for (std::size_t rule = 0; rule < kept_.size(); ++rule) {
    const FieldValues& values = record[kept_[rule]];
    const bool applies = values.is_list == at.has_value();
    if (applies && !format_.keep[rule].keeps(value_at(values, at.value_or(0)))) {
      return false;
    }
  }
  return true;
}

// Sets the number of events of the row; returns "" or the problem.
std::string RowParser::count_entries(const Record& record, std::size_t& count) const {
  bool has_list = false;
  count = 1;
  for (std::size_t i = 0; i < format_.columns.size(); ++i) {
    const LogColumn& column = format_.columns[i];
    const FieldValues& values = record[i];
    if (column.role == Role::kPrefix) {
      continue;
    }
    if (values.entries.empty() && !values.is_list && column.role != Role::kKept) {
      return format_.layout == Layout::kObjects
                 ? concat("expected a key \"", column.name, "\" with a value")
                 : place(column) + "the value is missing";
    }
    if (values.is_list && has_list && values.entries.size() != count) {
      return concat(place(column),
                    "expected as many entries as in the other lists, ",
                    count,
                    ", got ",
                    values.entries.size());
    }
    count = values.is_list ? values.entries.size() : count;
    has_list = has_list || values.is_list;
  }
  return count == 0 ? "expected at least one item" : "";
}

// Lists of one row have one entry for each event.
std::string RowParser::read_record(const Record& record) {
  if (!keeps(record, std::nullopt)) {
    return {};
  }
  std::size_t count = 0;
  if (std::string problem = count_entries(record, count); !problem.empty()) {
    return problem;
  }
  for (std::size_t at = 0; at < count; ++at) {
    if (!keeps(record, at)) {
      continue;
    }
    RowEvent event;
    event.user = line_number_;
    for (std::size_t i = 0; i < format_.columns.size(); ++i) {
      const LogColumn& column = format_.columns[i];
      if (column.role == Role::kPrefix || column.role == Role::kKept) {
        continue;
      }
      if (const std::string problem = set_value(column, value_at(record[i], at), event);
          !problem.empty()) {
        return place(column) + problem;
      }
    }
    events_.push_back(event);
  }
  add_prefix(record);
  return {};
}

// Puts the earlier items of the row before its event.
void RowParser::add_prefix(const Record& record) {
  if (!format_.prefixes || events_.empty()) {
    return;
  }
  const std::string_view user = events_.front().user;
  std::vector<RowEvent> prefix;
  for (std::size_t i = 0; i < format_.columns.size(); ++i) {
    if (format_.columns[i].role == Role::kPrefix) {
      for (const std::string_view item : record[i].entries) {
        prefix.push_back({user, item, Event()});
      }
    }
  }
  events_.insert(events_.begin(), prefix.begin(), prefix.end());
}

}  // namespace elastic::data

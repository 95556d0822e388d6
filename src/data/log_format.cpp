#include "data/log_format.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/separator.h"

namespace elastic::data {
namespace {

using nlohmann::ordered_json;

// "user: user_id (column 1)"
std::string describe_column(const LogColumn& column, const LogFormat& format) {
  const bool objects = format.layout == Layout::kObjects;
  const bool head = format.group_heads && column.position == format.num_columns;
  std::string text = concat(choice_name(column.role), ": ");
  if (head) {
    return text + "lines such as '17:'";
  }
  text += objects ? concat("'", column.name, "'")
          : column.name.empty() || format.group_heads
              ? concat("column ", column.position + 1)
              : concat("'", column.name, "' (column ", column.position + 1, ")");
  if (column.role == Role::kTime) {
    text += concat(", ", format.time_format.describe());
  }
  return column.list.empty() ? text : text + ", a list";
}

// Negative numbers and fractions are none: their conversion would wrap or be undefined.
std::size_t count_at(const ordered_json& json, const char* key) {
  const ordered_json& value = json.at(key);
  if (!value.is_number_unsigned()) {
    throw DataError("the format of the log: ",
                    key,
                    ": expected an integer from 0, got ",
                    excerpt(value.dump()));
  }
  return value.get<std::size_t>();
}

}  // namespace

const LogColumn* LogFormat::find(Role role) const {
  const auto found = std::find_if(
      columns.begin(), columns.end(), [&](const LogColumn& column) { return column.role == role; });
  return found == columns.end() ? nullptr : &*found;
}

bool LogFormat::has_lists() const {
  return std::any_of(
      columns.begin(), columns.end(), [](const LogColumn& column) { return !column.list.empty(); });
}

bool LogFormat::numbers_users() const {
  return layout != Layout::kSequences && find(Role::kUser) == nullptr;
}

std::string LogFormat::describe() const {
  const std::string separated = concat(name_of_separator(syntax.separator), "-separated, ");
  if (layout == Layout::kSequences) {
    return separated + "a line a user: user, then items";
  }
  if (layout == Layout::kHistories) {
    return concat(syntax.separator == "[" ? "a list in brackets a line, " : separated,
                  "a line a history, without its user");
  }
  std::string text = layout == Layout::kObjects
                         ? objects == ObjectSyntax::kPython ? "Python dicts" : "JSON objects"
                         : separated + (has_header ? "header" : "no header");
  for (const LogColumn& column : columns) {
    if (column.role != Role::kKept) {
      text += concat("; ", describe_column(column, *this));
    }
  }
  for (const KeepRule& rule : keep) {
    text += concat("; keep ", rule.text());
  }
  return text;
}

bool LogFormat::same_form(const LogFormat& other) const {
  const bool by_key = layout == Layout::kObjects;
  const auto same_columns = [&](const LogColumn& a, const LogColumn& b) {
    return a.role == b.role && a.name == b.name && a.list == b.list &&
           (by_key || a.position == b.position);
  };
  return layout == other.layout && syntax == other.syntax && objects == other.objects &&
         num_columns == other.num_columns && group_heads == other.group_heads &&
         prefixes == other.prefixes && time_format == other.time_format &&
         time_of_day_format == other.time_of_day_format &&
         std::equal(columns.begin(),
                    columns.end(),
                    other.columns.begin(),
                    other.columns.end(),
                    same_columns);
}

ordered_json to_json(const LogFormat& format) {
  ordered_json json;
  json["layout"] = choice_name(format.layout);
  json["separator"] = format.syntax.separator;
  json["backslash"] = format.syntax.backslash;
  json["python"] = format.objects == ObjectSyntax::kPython;
  json["num_columns"] = format.num_columns;
  json["open_ended"] = format.open_ended;
  json["header"] = format.has_header;
  json["skipped_lines"] = format.skipped_lines;
  json["comment"] = format.comment;
  json["group_heads"] = format.group_heads;
  json["prefixes"] = format.prefixes;
  json["time_format"] = format.time_format.text();
  json["time_of_day_format"] = format.time_of_day_format.text();
  json["columns"] = ordered_json::array();
  for (const LogColumn& column : format.columns) {
    json["columns"].push_back({{"role", choice_name(column.role)},
                               {"position", column.position},
                               {"name", column.name},
                               {"list", column.list}});
  }
  json["keep"] = ordered_json::array();
  for (const KeepRule& rule : format.keep) {
    json["keep"].push_back(rule.text());
  }
  return json;
}

LogFormat log_format_from_json(const ordered_json& json) {
  try {
    LogFormat format;
    format.layout = parse_choice<Layout>(json.at("layout").get<std::string>(), "layout");
    format.syntax.separator = json.at("separator").get<std::string>();
    format.syntax.backslash = json.at("backslash").get<bool>();
    format.objects = json.at("python").get<bool>() ? ObjectSyntax::kPython : ObjectSyntax::kJson;
    format.num_columns = count_at(json, "num_columns");
    format.open_ended = json.at("open_ended").get<bool>();
    format.has_header = json.at("header").get<bool>();
    format.skipped_lines = json.at("skipped_lines").get<std::vector<std::string>>();
    format.comment = json.at("comment").get<std::string>();
    format.group_heads = json.at("group_heads").get<bool>();
    format.prefixes = json.at("prefixes").get<bool>();
    format.time_format = TimeFormat::from_text(json.at("time_format").get<std::string>());
    format.time_of_day_format =
        TimeFormat::from_text(json.at("time_of_day_format").get<std::string>());
    for (const ordered_json& column : json.at("columns")) {
      format.columns.push_back({parse_choice<Role>(column.at("role").get<std::string>(), "role"),
                                count_at(column, "position"),
                                column.at("name").get<std::string>(),
                                column.at("list").get<std::string>()});
    }
    for (const ordered_json& rule : json.at("keep")) {
      format.keep.push_back(KeepRule::parse(rule.get<std::string>()));
    }
    return format;
  } catch (const nlohmann::json::exception&) {
    throw DataError("the format of the log is not complete");
  } catch (const UsageError& error) {
    throw DataError("the format of the log: ", error.what());
  }
}

}  // namespace elastic::data

#include "data/object_format.h"

#include "base/error.h"
#include "data/asked_columns.h"
#include "data/find_column.h"
#include "data/object_keys.h"
#include "data/table_lists.h"

namespace elastic::data {
void add_columns(const std::vector<ColumnSample>& columns,
                 const std::vector<std::string>& lists,
                 const ColumnRoles& roles,
                 const ReadOptions& options,
                 const std::string& path,
                 LogFormat& format) {
  const auto add = [&](Role role, std::optional<std::size_t> at) {
    if (at) {
      format.columns.push_back({role, *at, columns[*at].name, lists[*at]});
    }
  };
  add(Role::kUser, roles.user);
  add(Role::kItem, roles.item);
  add(Role::kRating, roles.rating);
  add(Role::kTime, roles.time);
  add(Role::kTimeOfDay, roles.time_of_day);
  format.time_format = roles.time_format;
  format.time_of_day_format = roles.time_of_day_format;
  for (const std::string& text : options.keep) {
    const KeepRule rule = KeepRule::parse(text);
    add(Role::kKept, find_column(rule.column(), columns, "--keep", path));
    format.keep.push_back(rule);
  }
}

DetectedFormat object_format(const LogSample& sample,
                             const ObjectText& objects,
                             const std::string& path,
                             const ReadOptions& options) {
  if (!options.separator.is_auto()) {
    throw UsageError("--separator: has no effect on objects, as ", path, " holds");
  }
  if (!objects.problem.empty()) {
    throw DataError("data: ",
                    path,
                    ": ",
                    objects.problem,
                    " (--format table reads rows that begin with a bracket)");
  }
  std::vector<std::string_view> lines = sample.head;
  lines.insert(lines.end(), sample.rest.begin(), sample.rest.end());
  const ObjectKeys keys = keys_of(lines, objects.syntax);
  if (keys.columns.empty()) {
    refuse_first_line(sample, path, "a JSON object");
  }
  DetectedFormat detected;
  detected.format.layout = Layout::kObjects;
  detected.format.objects = objects.syntax;
  detected.format.skipped_lines = sample.skipped;
  detected.format.comment = sample.comment;
  const ColumnRoles roles = choose_roles(keys.columns, options, path);
  if (roles.user && keys.columns[*roles.user].is_list && !keys.columns[roles.item].is_list) {
    throw DataError("data: ",
                    path,
                    ": '",
                    keys.columns[*roles.user].name,
                    "' holds lists, so it cannot be the user; name another key with --user-column");
  }
  const ColumnSample& items = keys.columns[roles.item];
  if (!items.is_list && asked_columns(options).item.empty() && !likely_list(items.values).empty()) {
    throw DataError("data: ",
                    path,
                    ": '",
                    items.name,
                    "' seems to hold lists as texts, such as '",
                    excerpt(items.values.front()),
                    "': write them as lists of JSON, or read each text as one item with "
                    "--item-column ",
                    items.name);
  }
  add_columns(keys.columns, keys.lists, roles, options, path, detected.format);
  detected.notes = roles.notes;
  return detected;
}

}  // namespace elastic::data

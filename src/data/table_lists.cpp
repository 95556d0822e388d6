#include "data/table_lists.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "data/column_names.h"
#include "data/list_field.h"

namespace elastic::data {
namespace {

using Values = std::vector<std::string_view>;

template <class Holds>
double share_of(const Values& values, Holds&& holds) {
  return static_cast<double>(std::count_if(values.begin(), values.end(), holds)) /
         static_cast<double>(std::max<std::size_t>(values.size(), 1));
}

bool has_digit(std::string_view text) {
  return text.find_first_of("0123456789") != std::string_view::npos;
}

// Lists in brackets, of which some have several entries, unless the name says that they are lists.
bool holds_brackets(const Values& values, bool named) {
  if (share_of(values, in_brackets) < 0.95) {
    return false;
  }
  ListSplitter splitter;
  Values entries;
  std::size_t several = 0;
  for (const std::string_view value : values) {
    if (!splitter.split(value, "[", entries)) {
      continue;
    }
    several += entries.size() > 1 ? 1 : 0;
    // Without commas the entries are numbers, as numpy writes them; "[26/Oct/2008 +0000]" is none.
    const bool plain = value.find(',') != std::string_view::npos || entries.size() < 2 ||
                       std::all_of(entries.begin(), entries.end(), is_number);
    if (!plain && !named) {
      return false;
    }
  }
  return named || several > 0;
}

std::size_t count_distinct(const Values& values) {
  return std::unordered_set<std::string_view>(values.begin(), values.end()).size();
}

// The second of two columns, if the first has each user once and the second entries of ids rather
// than the words of a title.
bool is_history(const std::vector<ColumnSample>& columns, std::size_t at) {
  if (columns.size() != 2 || at != 1 || columns[1].values.size() < 2) {
    return false;
  }
  const Values& values = columns[1].values;
  if (count_distinct(columns[0].values) < values.size() ||
      10 * count_distinct(values) < 9 * values.size()) {
    return false;
  }
  std::size_t entries = 0;
  std::size_t plain = 0;
  for (const std::string_view value : values) {
    for (std::size_t begin = 0; begin < value.size();) {
      const std::size_t end = std::min(value.find_first_of(" ,;|", begin), value.size());
      const std::string_view entry = value.substr(begin, end - begin);
      entries += entry.empty() ? 0 : 1;
      plain += has_digit(entry) ? 1 : 0;
      begin = end + 1;
    }
  }
  return entries > values.size() && 10 * plain >= 9 * entries;
}

std::string list_in(const std::vector<ColumnSample>& columns,
                    std::size_t at,
                    const RowSyntax& syntax) {
  const ColumnSample& column = columns[at];
  const NameMeaning meaning = meaning_of(column.name);
  const bool named = meaning.list && !meaning.attribute;
  if (holds_brackets(column.values, named)) {
    return "[";
  }
  if (!named && !is_history(columns, at)) {
    return "";
  }
  for (const char* separator : {",", ";", "|", " "}) {
    if (separator != syntax.separator && share_of(column.values, [&](std::string_view value) {
                                           return value.find(separator) != std::string_view::npos;
                                         }) >= 0.5) {
      return separator;
    }
  }
  return named && column.name.find(":token_seq") != std::string::npos ? " " : "";
}

}  // namespace

std::vector<std::string> find_lists(const std::vector<ColumnSample>& columns,
                                    const RowSyntax& syntax) {
  std::vector<std::string> lists;
  for (std::size_t at = 0; at < columns.size(); ++at) {
    lists.push_back(list_in(columns, at, syntax));
  }
  return lists;
}

std::string likely_list(const Values& values) {
  constexpr std::size_t kFewest = 5;
  for (const char* separator : {",", ";", "|", " "}) {
    const double share = share_of(values, [&](std::string_view value) {
      return value.find(separator) != std::string_view::npos;
    });
    if (values.size() < kFewest || share < 0.5) {
      continue;
    }
    ListSplitter splitter;
    Values entries;
    std::unordered_map<std::string_view, std::size_t> counts;
    std::size_t total = 0;
    bool ids = true;
    for (const std::string_view value : values) {
      splitter.split(value, separator, entries);
      for (const std::string_view entry : entries) {
        ids = ids && has_digit(entry) && entry.find(' ') == std::string_view::npos;
        ++counts[entry];
        ++total;
      }
    }
    // Entries recur in more values than the whole values do.
    if (ids && counts.size() < count_distinct(values) * 2 && 2 * counts.size() < total) {
      return separator;
    }
  }
  return "";
}

bool hold_entries(const ColumnSample& lists, const std::string& list, const ColumnSample& values) {
  std::unordered_set<std::string> known;
  ListSplitter splitter;
  Values entries;
  for (const std::string_view value : lists.values) {
    splitter.split(value, list, entries);
    for (const std::string_view entry : entries) {
      known.emplace(entry);
    }
  }
  constexpr std::size_t kFewest = 3;  // different values; flags are 0 and 1
  return count_distinct(values.values) >= kFewest &&
         share_of(values.values,
                  [&](std::string_view value) { return known.contains(std::string(value)); }) > 0.5;
}

bool are_prefixes(const ColumnSample& users, const ColumnSample& lists, const std::string& list) {
  std::unordered_map<std::string_view, std::vector<std::string>> longest;
  ListSplitter splitter;
  Values entries;
  for (std::size_t i = 0; i < std::min(users.values.size(), lists.values.size()); ++i) {
    splitter.split(lists.values[i], list, entries);
    std::vector<std::string>& known = longest[users.values[i]];
    const std::size_t common = std::min(known.size(), entries.size());
    if (!std::equal(entries.begin(),
                    entries.begin() + static_cast<std::ptrdiff_t>(common),
                    known.begin())) {
      return false;
    }
    if (entries.size() > known.size()) {
      known.assign(entries.begin(), entries.end());
    }
  }
  return true;
}

}  // namespace elastic::data

#include "data/format.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/columns.h"
#include "data/fields.h"
#include "data/moment.h"

namespace elastic::data {
namespace {

constexpr std::size_t kSampleLines = 100;
// A first line without known names is a header when it has no number where all rows have one.
bool looks_like_header(const std::vector<std::string_view>& sample, FieldSplitter& splitter) {
  if (sample.size() < 2) {
    return false;
  }
  const auto& views = splitter.split(sample.front());
  const std::vector<std::string> first(views.begin(), views.end());
  for (std::size_t column = 0; column < first.size(); ++column) {
    if (is_number(first[column])) {
      continue;
    }
    const bool others = std::all_of(sample.begin() + 1, sample.end(), [&](std::string_view row) {
      const auto& fields = splitter.split(row);
      return column < fields.size() && is_number(fields[column]);
    });
    if (others) {
      return true;
    }
  }
  return false;
}

// Does the length vary as that of sequences does, not as that of rows of which some are bad?
bool varies_as_sequences(const FieldCounts& counts, std::size_t num_lines) {
  constexpr std::size_t kMostColumns = 4;
  constexpr std::size_t kFewestLines = 3;
  return counts.separator != "::" && ((counts.share < 0.75 && counts.largest > kMostColumns) ||
                                      (counts.share <= 0.5 && num_lines >= kFewestLines));
}

// The separator of lines of different lengths: the first that every line holds.
std::string separator_of_sequences(const std::vector<std::string_view>& sample) {
  for (const char* separator : {"\t", ",", " "}) {
    const bool everywhere = std::all_of(sample.begin(), sample.end(), [&](std::string_view line) {
      return line.find(separator) != std::string_view::npos;
    });
    if (everywhere) {
      return separator;
    }
  }
  return "";
}

[[noreturn]] void fail_separator(const std::string& path, std::string_view line) {
  throw DataError("data: ",
                  path,
                  ":1: expected 2 to 4 columns separated by tab, comma, space or ::, got \"",
                  excerpt(line),
                  "\"; say --separator");
}

// Are the timestamps dates? The first row that has the column decides.
bool has_iso_times(const std::vector<Column>& columns,
                   const std::vector<std::string_view>& rows,
                   FieldSplitter& splitter) {
  const auto at = static_cast<std::size_t>(
      std::find(columns.begin(), columns.end(), Column::kTimestamp) - columns.begin());
  for (const std::string_view row : rows) {
    const auto& fields = splitter.split(row);
    if (at < columns.size() && fields.size() == columns.size()) {
      return parse_iso_moment(fields[at]) && !parse_number_moment(fields[at]);
    }
  }
  return false;
}

// What the keys of the first line's object hold.
LogFormat object_format(std::string_view line,
                        const std::string& path,
                        const ReadOptions& options) {
  if (!options.columns.empty() || !options.separator.is_auto()) {
    throw UsageError("--columns and --separator: have no effect on JSON lines, as ", path, " is");
  }
  const auto object = nlohmann::ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    throw DataError("data: ", path, ":1: expected a JSON object, got ", excerpt(line));
  }
  LogFormat format;
  format.layout = Layout::kObjects;
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) {
    keys.push_back(key);
  }
  const std::vector<std::string_view> names(keys.begin(), keys.end());
  const std::vector<Column> columns = columns_of_header(names);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] != Column::kIgnored) {
      format.columns.push_back(columns[i]);
      format.keys.push_back(keys[i]);
      const auto& value = object[keys[i]];
      format.iso_times =
          format.iso_times || (columns[i] == Column::kTimestamp && value.is_string() &&
                               parse_iso_moment(value.get_ref<const std::string&>()));
    }
  }
  if (format.keys.empty()) {
    throw DataError("data: ",
                    path,
                    ":1: expected keys for user and item, such as \"user\" and \"item\" or "
                    "\"history\", got ",
                    excerpt(line));
  }
  return format;
}

LogFormat sequence_format(const std::string& separator,
                          const std::vector<std::string_view>& sample,
                          const std::string& path) {
  LogFormat format;
  format.layout = Layout::kSequences;
  format.separator = separator.empty() ? separator_of_sequences(sample) : separator;
  if (format.separator.empty()) {
    fail_separator(path, sample.front());
  }
  return format;
}

}  // namespace

std::string LogFormat::describe() const {
  if (layout == Layout::kObjects) {
    std::string text = concat("a JSON object a line, keys");
    for (std::size_t i = 0; i < keys.size(); ++i) {
      text += concat(i == 0 ? " " : ", ", keys[i], " as ", elastic::data::name_of(columns[i]));
    }
    return text + (iso_times ? " (a date)" : "");
  }
  if (layout == Layout::kSequences) {
    return concat(name_of_separator(separator), "-separated, a line a user: user, then items");
  }
  std::string text = concat(
      name_of_separator(separator), "-separated, ", header ? "header" : "no header", ", columns");
  for (const Column column : columns) {
    text += concat(" ", elastic::data::name_of(column));
    text += column == Column::kTimestamp && iso_times ? " (a date)" : "";
  }
  return text;
}

void check(const ReadOptions& options) {
  if (!options.columns.empty()) {
    parse_columns(options.columns);
    if (options.format == FileFormat::kSequences || options.format == FileFormat::kJsonl) {
      throw UsageError("--columns: has no effect with --format ", choice_name(options.format));
    }
  }
}

LogFormat detect_format(std::string_view text,
                        const std::string& path,
                        const ReadOptions& options) {
  std::vector<std::string_view> sample = sample_lines(text, kSampleLines);
  if (sample.empty()) {
    throw DataError("data: ", path, ": the file is empty; expected rows of user and item");
  }
  if (sample.front().find('\0') != std::string_view::npos) {
    throw DataError("data: ", path, ":1: this is not a text file");
  }
  for (const std::string_view line : sample) {
    if (line.size() > kLongestLine) {
      throw DataError("data: ",
                      path,
                      ": expected lines of at most 16777216 bytes, got one of ",
                      line.size(),
                      " among the first ",
                      sample.size());
    }
  }
  if (options.format == FileFormat::kJsonl ||
      (options.format == FileFormat::kAuto && options.separator.is_auto() &&
       options.columns.empty() && sample.front().starts_with('{') &&
       nlohmann::json::accept(sample.front()))) {
    return object_format(sample.front(), path, options);
  }
  LogFormat format;
  format.separator = options.separator.characters();
  const FieldCounts counts =
      format.separator.empty() ? detect_separator(sample) : count_fields(sample, format.separator);
  FieldSplitter splitter(counts.separator);
  if (!counts.separator.empty()) {
    format.columns = columns_of_header(splitter.split(sample.front()));
  }
  if (options.format == FileFormat::kSequences ||
      (options.format == FileFormat::kAuto && options.columns.empty() && format.columns.empty() &&
       varies_as_sequences(counts, sample.size()))) {
    return sequence_format(format.separator, sample, path);
  }
  if (counts.separator.empty()) {
    fail_separator(path, sample.front());
  }
  format.separator = counts.separator;
  format.header = !format.columns.empty() || looks_like_header(sample, splitter);
  if (format.header) {
    sample.erase(sample.begin());
  }
  if (sample.empty()) {
    throw DataError("data: ", path, ": there is a header but no row");
  }
  if (!options.columns.empty()) {
    format.columns = parse_columns(options.columns);
    if (format.columns.size() != counts.num_fields) {
      throw UsageError("--columns: ",
                       path,
                       " has ",
                       counts.num_fields,
                       " columns, got names of ",
                       format.columns.size(),
                       ": '",
                       options.columns,
                       "'; write - for one to pass over");
    }
  } else if (format.columns.empty()) {
    format.columns = columns_by_count(counts.num_fields, sample, splitter, path);
  }
  format.iso_times = has_iso_times(format.columns, sample, splitter);
  return format;
}

}  // namespace elastic::data

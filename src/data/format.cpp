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
// True if some field of the first line is not a number, but is one in all other lines.
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

// True if the number of fields varies as in sequences, rather than in a table with some bad rows.
bool varies_as_sequences(const FieldCounts& counts, std::size_t num_lines) {
  constexpr std::size_t kMostColumns = 4;
  constexpr std::size_t kFewestLines = 3;
  return counts.separator != "::" && ((counts.share < 0.75 && counts.largest > kMostColumns) ||
                                      (counts.share <= 0.5 && num_lines >= kFewestLines));
}

// The separator of sequences: the first that occurs in every line; "" if there is none.
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
                  "\"; set --separator");
}

// True if the first complete row has a date as its timestamp.
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

// The first lines of a file, with its options.
struct Sample {
  const std::string& path;
  const ReadOptions& options;
  std::vector<std::string_view> lines;  ///< not blank; at least one
};

// The first lines of `text`. Throws DataError if there are none, or they are not text or too long.
std::vector<std::string_view> readable_lines(std::string_view text, const std::string& path) {
  std::vector<std::string_view> lines = sample_lines(text, kSampleLines);
  if (lines.empty()) {
    throw DataError("data: ", path, ": the file is empty; expected rows of user and item");
  }
  if (lines.front().find('\0') != std::string_view::npos) {
    throw DataError("data: ", path, ":1: this is not a text file");
  }
  for (const std::string_view line : lines) {
    if (line.size() > kLongestLine) {
      throw DataError("data: ",
                      path,
                      ": expected lines of at most ",
                      kLongestLine,
                      " bytes, got one of ",
                      line.size(),
                      " among the first ",
                      lines.size());
    }
  }
  return lines;
}

bool holds_objects(const Sample& sample) {
  const ReadOptions& options = sample.options;
  return options.format == FileFormat::kJsonl ||
         (options.format == FileFormat::kAuto && options.separator.is_auto() &&
          options.columns.empty() && sample.lines.front().starts_with('{') &&
          nlohmann::json::accept(sample.lines.front()));
}

// JSON objects with the keys of the first line.
LogFormat object_format(const Sample& sample) {
  const std::string& path = sample.path;
  const std::string_view line = sample.lines.front();
  if (!sample.options.columns.empty() || !sample.options.separator.is_auto()) {
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

// The fields of the lines of a sample.
struct Separation {
  std::string asked;          ///< the separator of the options; "" to detect it
  FieldCounts counts;         ///< with the separator of the options or the detected one
  std::vector<Column> named;  ///< columns named by the first line; empty if it is no known header
};

Separation separate(const Sample& sample) {
  Separation separation;
  separation.asked = sample.options.separator.characters();
  separation.counts = separation.asked.empty() ? detect_separator(sample.lines)
                                               : count_fields(sample.lines, separation.asked);
  if (!separation.counts.separator.empty()) {
    FieldSplitter splitter(separation.counts.separator);
    separation.named = columns_of_header(splitter.split(sample.lines.front()));
  }
  return separation;
}

bool holds_sequences(const Sample& sample, const Separation& separation) {
  const ReadOptions& options = sample.options;
  return options.format == FileFormat::kSequences ||
         (options.format == FileFormat::kAuto && options.columns.empty() &&
          separation.named.empty() && varies_as_sequences(separation.counts, sample.lines.size()));
}

LogFormat sequence_format(const Sample& sample, const Separation& separation) {
  LogFormat format;
  format.layout = Layout::kSequences;
  format.separator =
      separation.asked.empty() ? separator_of_sequences(sample.lines) : separation.asked;
  if (format.separator.empty()) {
    fail_separator(sample.path, sample.lines.front());
  }
  return format;
}

// The columns named by the options.
std::vector<Column> asked_columns(const Sample& sample, std::size_t num_fields) {
  std::vector<Column> columns = parse_columns(sample.options.columns);
  if (columns.size() != num_fields) {
    throw UsageError("--columns: ",
                     sample.path,
                     " has ",
                     num_fields,
                     " columns, got names of ",
                     columns.size(),
                     ": '",
                     sample.options.columns,
                     "'; write - for a column to ignore");
  }
  return columns;
}

LogFormat table_format(const Sample& sample, const Separation& separation) {
  const FieldCounts& counts = separation.counts;
  if (counts.separator.empty()) {
    fail_separator(sample.path, sample.lines.front());
  }
  FieldSplitter splitter(counts.separator);
  LogFormat format;
  format.separator = counts.separator;
  format.header = !separation.named.empty() || looks_like_header(sample.lines, splitter);
  const std::vector<std::string_view> rows(sample.lines.begin() + (format.header ? 1 : 0),
                                           sample.lines.end());
  if (rows.empty()) {
    throw DataError("data: ", sample.path, ": there is a header but no row");
  }
  if (!sample.options.columns.empty()) {
    format.columns = asked_columns(sample, counts.num_fields);
  } else if (!separation.named.empty()) {
    format.columns = separation.named;
  } else {
    format.columns = columns_by_count(counts.num_fields, rows, splitter, sample.path);
  }
  format.iso_times = has_iso_times(format.columns, rows, splitter);
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
  const Sample sample{path, options, readable_lines(text, path)};
  if (holds_objects(sample)) {
    return object_format(sample);
  }
  const Separation separation = separate(sample);
  if (holds_sequences(sample, separation)) {
    return sequence_format(sample, separation);
  }
  return table_format(sample, separation);
}

}  // namespace elastic::data

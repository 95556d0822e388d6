#include "data/format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "data/fields.h"

namespace elastic::data {
namespace {

constexpr std::size_t kSampleLines = 100;
// Numbers above this in a third column are times in seconds: 1970-01-12.
constexpr double kEarliestTimestamp = 1e6;

const char* name_of(Column column) {
  switch (column) {
    case Column::kUser:
      return "user";
    case Column::kItem:
      return "item";
    case Column::kRating:
      return "rating";
    case Column::kTimestamp:
      return "timestamp";
    case Column::kIgnored:
      return "-";
  }
  return "-";
}

// The part before RecBole's ":type", lower case, without '_' and '-'.
std::string normalised(std::string_view name) {
  std::string result;
  for (const char c : name.substr(0, name.find(':'))) {
    if (c != '_' && c != '-' && c != ' ') {
      result += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
  }
  return result;
}

std::optional<Column> column_named(std::string_view field) {
  struct Known {
    Column column;
    std::vector<std::string> names;
  };
  static const std::array<Known, 4> known{
      {{Column::kUser,
        {"user", "userid", "uid", "reviewerid", "customerid", "visitorid", "sessionid"}},
       {Column::kItem,
        {"item",
         "itemid",
         "iid",
         "movieid",
         "movie",
         "asin",
         "productid",
         "bookid",
         "trackid",
         "artistid",
         "videoid"}},
       {Column::kRating, {"rating", "score", "stars", "overall"}},
       {Column::kTimestamp, {"timestamp", "time", "ts", "unixreviewtime", "datetime"}}}};
  const std::string name = normalised(field);
  for (const Known& entry : known) {
    if (std::find(entry.names.begin(), entry.names.end(), name) != entry.names.end()) {
      return entry.column;
    }
  }
  return std::nullopt;
}

// Columns by the names of a header; empty unless both user and item are among them.
std::vector<Column> columns_of_header(const std::vector<std::string_view>& fields) {
  std::vector<Column> columns;
  for (const std::string_view field : fields) {
    const Column column = column_named(field).value_or(Column::kIgnored);
    const bool repeated = std::find(columns.begin(), columns.end(), column) != columns.end();
    columns.push_back(repeated ? Column::kIgnored : column);
  }
  const auto has = [&](Column column) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
  };
  return has(Column::kUser) && has(Column::kItem) ? columns : std::vector<Column>{};
}

std::vector<Column> parse_columns(const std::string& text) {
  std::vector<Column> columns;
  FieldSplitter splitter(",");
  for (const std::string_view name : splitter.split(text)) {
    const std::optional<Column> column = name == "-" ? Column::kIgnored : column_named(name);
    if (!column) {
      throw UsageError(
          "--columns: expected names out of user, item, rating, timestamp and -, got '", name, "'");
    }
    columns.push_back(*column);
  }
  if (std::count(columns.begin(), columns.end(), Column::kUser) != 1 ||
      std::count(columns.begin(), columns.end(), Column::kItem) != 1 ||
      std::count(columns.begin(), columns.end(), Column::kRating) > 1 ||
      std::count(columns.begin(), columns.end(), Column::kTimestamp) > 1) {
    throw UsageError(
        "--columns: expected one user and one item, at most one rating and timestamp, got '",
        text,
        "'");
  }
  return columns;
}

// Are all third fields numbers that can only be times? Rows of another length do not count.
bool third_is_time(const std::vector<std::string_view>& rows, FieldSplitter& splitter) {
  return std::all_of(rows.begin(), rows.end(), [&](std::string_view row) {
    const auto& fields = splitter.split(row);
    if (fields.size() != 3) {
      return true;
    }
    const std::string_view field = fields[2];
    double value = 0.0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    return error == std::errc() && end == field.data() + field.size() && value > kEarliestTimestamp;
  });
}

std::vector<Column> columns_by_count(std::size_t count,
                                     const std::vector<std::string_view>& rows,
                                     FieldSplitter& splitter,
                                     const std::string& path) {
  switch (count) {
    case 2:
      return {Column::kUser, Column::kItem};
    case 3:
      return {Column::kUser,
              Column::kItem,
              third_is_time(rows, splitter) ? Column::kTimestamp : Column::kRating};
    case 4:
      return {Column::kUser, Column::kItem, Column::kRating, Column::kTimestamp};
    default:
      throw DataError(
          "data: ",
          path,
          ":1: expected 2 to 4 columns (user, item, rating, timestamp) or a header that "
          "names them, got ",
          count,
          "; name them with --columns, or say --format sequences");
  }
}

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

LogFormat sequence_format(const std::string& separator,
                          const std::vector<std::string_view>& sample,
                          const std::string& path) {
  LogFormat format;
  format.sequences = true;
  format.separator = separator.empty() ? separator_of_sequences(sample) : separator;
  if (format.separator.empty()) {
    fail_separator(path, sample.front());
  }
  return format;
}

}  // namespace

std::string LogFormat::describe() const {
  if (sequences) {
    return concat(name_of_separator(separator), "-separated, a line a user: user, then items");
  }
  std::string text = concat(
      name_of_separator(separator), "-separated, ", header ? "header" : "no header", ", columns");
  for (const Column column : columns) {
    text += concat(" ", elastic::data::name_of(column));
  }
  return text;
}

LogFormat detect_format(std::string_view text,
                        const std::string& path,
                        const ReadOptions& options) {
  if (options.format != "auto" && options.format != "table" && options.format != "sequences") {
    throw UsageError("--format: expected auto, table or sequences, got '", options.format, "'");
  }
  std::vector<std::string_view> sample = sample_lines(text, kSampleLines);
  if (sample.empty()) {
    throw DataError("data: ", path, ": the file is empty; expected rows of user and item");
  }
  if (sample.front().find('\0') != std::string_view::npos) {
    throw DataError("data: ", path, ":1: this is not a text file");
  }
  LogFormat format;
  format.separator = parse_separator(options.separator);
  const FieldCounts counts =
      format.separator.empty() ? detect_separator(sample) : count_fields(sample, format.separator);
  FieldSplitter splitter(counts.separator);
  if (!counts.separator.empty()) {
    format.columns = columns_of_header(splitter.split(sample.front()));
  }
  format.sequences = options.format == "sequences" ||
                     (options.format == "auto" && options.columns.empty() &&
                      format.columns.empty() && varies_as_sequences(counts, sample.size()));
  if (format.sequences) {
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
  return format;
}

}  // namespace elastic::data

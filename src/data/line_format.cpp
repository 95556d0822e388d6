#include "data/line_format.h"

#include <algorithm>
#include <unordered_set>

#include "base/error.h"
#include "data/asked_columns.h"
#include "data/blanks.h"
#include "data/column_content.h"
#include "data/column_roles.h"
#include "data/column_sample.h"
#include "data/find_column.h"
#include "data/list_field.h"

namespace elastic::data {
namespace {

// True if the number of fields varies as in sequences, rather than in a table with some bad rows.
bool varies_as_sequences(const FieldCounts& counts, std::size_t num_lines) {
  constexpr std::size_t kMostColumns = 4;
  constexpr std::size_t kFewestLines = 3;
  return counts.syntax.separator != "::" &&
         ((counts.share < 0.75 && counts.largest > kMostColumns) ||
          (counts.share <= 0.5 && num_lines >= kFewestLines));
}

// True for lines of one length whose fields after the first are all of one kind: most values of
// each are values of the others, too, as those of items are.
bool shares_values(const FieldCounts& counts, const std::vector<std::string_view>& lines) {
  constexpr std::size_t kFewestFields = 5;
  if (counts.num_fields < kFewestFields || counts.share < 0.9) {
    return false;
  }
  FieldSplitter splitter(counts.syntax);
  std::vector<std::unordered_set<std::string>> columns(counts.num_fields);
  for (const std::string_view line : lines) {
    const auto& fields = splitter.split(line);
    for (std::size_t at = 1; at < std::min(fields.size(), columns.size()); ++at) {
      columns[at].emplace(fields[at]);
    }
  }
  const auto is_shared = [&](const std::string& value, std::size_t column) {
    for (std::size_t at = 1; at < columns.size(); ++at) {
      if (at != column && columns[at].contains(value)) {
        return true;
      }
    }
    return false;
  };
  for (std::size_t at = 1; at < columns.size(); ++at) {
    const auto shared = std::count_if(
        columns[at].begin(), columns[at].end(), [&](auto& value) { return is_shared(value, at); });
    // Flags, which share 0 and 1, are no items.
    if (columns[at].size() < lines.size() / 4 ||
        5 * static_cast<std::size_t>(shared) < 4 * columns[at].size()) {
      return false;
    }
  }
  return true;
}

// The separator of sequences: the first that occurs in nearly every line; "" if there is none.
std::string separator_of_sequences(const std::vector<std::string_view>& lines) {
  for (const char* separator : {"\t", ",", ";", "|", " "}) {
    const auto holding = std::count_if(lines.begin(), lines.end(), [&](std::string_view line) {
      return stripped(line).find(separator) != std::string_view::npos;
    });
    if (10 * static_cast<std::size_t>(holding) >= 9 * lines.size()) {
      return separator;
    }
  }
  return "";
}

// "7: 3 7 8 1" on every line; with `tight` also "7:3,7,8,1", which must have no other colon.
bool has_colons(const std::vector<std::string_view>& lines, bool tight) {
  return std::all_of(lines.begin(), lines.end(), [&](std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::size_t blank = line.find_first_of(" \t");
    if (colon == std::string_view::npos || colon == 0) {
      return false;
    }
    return colon + 1 == blank || colon + 1 == line.size() ||
           (tight && colon < line.find_first_of(",;| \t") &&
            line.find(':', colon + 1) == std::string_view::npos);
  });
}

// Without a header: rows "7:" with a user, then the user's items.
DetectedFormat colon_format(const LogSample& sample) {
  std::string list = " ";
  for (const char* separator : {",", ";", "|"}) {
    const auto count =
        std::count_if(sample.head.begin(), sample.head.end(), [&](std::string_view line) {
          return line.find(separator) != std::string_view::npos;
        });
    list = 2 * static_cast<std::size_t>(count) > sample.head.size() ? separator : list;
  }
  DetectedFormat detected;
  LogFormat& format = detected.format;
  format.layout = Layout::kTable;
  format.syntax.separator = ":";
  format.num_columns = 2;
  format.columns = {{Role::kUser, 0, "", ""}, {Role::kItem, 1, "", list}};
  format.skipped_lines = sample.skipped;
  format.comment = sample.comment;
  return detected;
}

// The name of a field that is a time in every line: of a table rather than of sequences.
std::optional<std::string> field_of_times(const std::vector<std::string_view>& lines,
                                          const std::string& separator) {
  FieldSplitter splitter(separator);
  constexpr std::size_t kFirst = 8;  // and the last one
  std::vector<std::vector<std::string_view>> columns(kFirst + 1);
  std::vector<std::string> kept;
  for (const std::string_view line : lines) {
    const auto& fields = splitter.split(line);
    const auto add = [&](std::size_t at, std::string_view field) {
      const bool inside = field.data() >= line.data() && field.data() <= line.data() + line.size();
      columns[at].push_back(inside ? field : std::string_view());
    };
    for (std::size_t at = 0; at < std::min(fields.size(), kFirst); ++at) {
      add(at, fields[at]);
    }
    if (!fields.empty()) {
      add(kFirst, fields.back());
    }
  }
  for (std::size_t at = 1; at < columns.size(); ++at) {
    const bool full = 10 * columns[at].size() >= 9 * lines.size();
    if (full && !columns[at].empty() && content_of(columns[at]).looks_like_time()) {
      return at == kFirst ? "the last field" : concat("field ", at + 1);
    }
  }
  return std::nullopt;
}

// What the first fields of lines are, if not users.
struct FirstFields {
  bool are_items = false;     // they repeat, and are items of other lines
  bool may_be_items = false;  // they repeat, and half of them are
  bool are_counts = false;    // each is the number of the fields that follow
};

FirstFields describe_first_fields(const std::vector<std::string_view>& lines,
                                  const std::string& separator) {
  FieldSplitter splitter(separator);
  std::unordered_set<std::string> firsts;
  std::unordered_set<std::string> others;
  FirstFields found;
  found.are_counts = lines.size() > 2;
  for (const std::string_view line : lines) {
    const auto& fields = splitter.split(line);
    std::size_t count = 0;
    for (std::size_t at = 0; at < fields.size(); ++at) {
      (at == 0 ? firsts : others).emplace(fields[at]);
      count += at > 0 && !fields[at].empty() ? 1 : 0;
    }
    found.are_counts = found.are_counts && fields.front() == std::to_string(count);
  }
  const auto shared = std::count_if(firsts.begin(), firsts.end(), [&](const std::string& first) {
    return others.contains(first);
  });
  const bool repeats = firsts.size() < lines.size();
  const auto count = static_cast<std::size_t>(shared);
  found.are_items = repeats && 5 * count >= 4 * firsts.size();
  found.may_be_items = repeats && 2 * count >= firsts.size();
  return found;
}

// Tuples and short lists of one length: a row rather than a history?
void refuse_rows_in_brackets(const LogSample& sample,
                             const std::string& path,
                             const ReadOptions& options) {
  constexpr std::size_t kLongestRow = 5;
  std::vector<std::string_view> rows;
  for (const std::string_view line : sample.head) {
    const std::string_view row = stripped(line);
    rows.push_back(row.substr(1, row.size() - 2));
  }
  const FieldCounts counts = count_fields(rows, {","});
  if (options.format != FileFormat::kHistories && rows.size() > 2 && counts.share == 1.0 &&
      counts.num_fields >= 2 && counts.num_fields <= kLongestRow) {
    throw DataError("data: ",
                    path,
                    ":",
                    sample.numbers.front(),
                    ": every line is a list of ",
                    counts.num_fields,
                    " values, which may be a row or a history: --format histories reads histories; "
                    "remove the brackets to read rows, got \"",
                    excerpt(sample.head.front()),
                    "\"");
  }
}

DetectedFormat lines_of(Layout layout, const RowSyntax& syntax, const LogSample& sample) {
  DetectedFormat detected;
  detected.format.layout = layout;
  detected.format.syntax = syntax;
  detected.format.skipped_lines = sample.skipped;
  detected.format.comment = sample.comment;
  return detected;
}

}  // namespace

std::optional<DetectedFormat> line_format(const LogSample& sample,
                                          const std::string& path,
                                          const ReadOptions& options) {
  const bool histories = options.format == FileFormat::kHistories;
  const bool sequences = options.format == FileFormat::kSequences;
  const AskedColumns asked = asked_columns(options);
  const bool names = !asked.user.empty() || !asked.item.empty() || !options.keep.empty();
  if (options.format == FileFormat::kTable || (names && asked.user != "-")) {
    return std::nullopt;
  }
  if (!sequences && std::all_of(sample.head.begin(), sample.head.end(), [](std::string_view line) {
        return in_brackets(stripped(line));
      })) {
    refuse_rows_in_brackets(sample, path, options);
    return lines_of(Layout::kHistories, {"["}, sample);
  }
  const std::string given =
      options.separator.is_auto() ? sample.separator : options.separator.characters();
  if (!histories && given.empty() && has_colons(sample.head, /*tight=*/false)) {
    return colon_format(sample);
  }
  const FieldCounts counts =
      given.empty() ? detect_separator(sample.head) : detect_escapes(sample.head, given);
  if (!sequences && !histories) {
    FieldSplitter splitter(counts.syntax);
    const bool header = !counts.syntax.separator.empty() &&
                        is_known_header(splitter.split(sample.head.front()), asked);
    if (header ||
        (!varies_as_sequences(counts, sample.head.size()) && !shares_values(counts, sample.head))) {
      return std::nullopt;
    }
    if (given.empty() && has_colons(sample.head, /*tight=*/true)) {
      return colon_format(sample);
    }
  }
  const std::string separator = given.empty() ? separator_of_sequences(sample.head) : given;
  if (separator.empty()) {
    refuse_first_line(
        sample, path, "a user and items separated by tab, comma or space", "; set --separator");
  }
  if (const auto field = field_of_times(sample.head, separator)) {
    if (!sequences && !histories) {
      return std::nullopt;
    }
    throw DataError("data: ",
                    path,
                    ": ",
                    *field,
                    " of each line is a time, so the lines are rows of a table, not ",
                    choice_name(options.format),
                    "; leave out --format, and name the columns by number if needed, for example: "
                    "--user-column 1 --item-column 2");
  }
  const FirstFields first =
      sequences || histories ? FirstFields{} : describe_first_fields(sample.head, separator);
  if (first.are_counts || (first.may_be_items && !first.are_items)) {
    throw DataError(
        "data: ",
        path,
        ":",
        sample.numbers.front(),
        first.are_counts
            ? ": the first field of each line is the number of those that follow, not a "
              "user; remove it, and read with --format histories"
            : ": first fields of lines repeat, and some are items elsewhere: choose by "
              "--format sequences, if each is a user, or --format histories, if each is "
              "an item");
  }
  const bool guessed = first.are_items;
  DetectedFormat detected =
      lines_of(histories || guessed ? Layout::kHistories : Layout::kSequences, {separator}, sample);
  if (guessed) {
    detected.notes.emplace_back(
        "first fields of lines repeat and are items elsewhere, so each line is read as a history "
        "without its user; --format sequences reads the first field as the user");
  }
  return detected;
}

}  // namespace elastic::data

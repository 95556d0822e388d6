#include "data/log_sample.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "data/blanks.h"
#include "data/column_names.h"
#include "data/fields.h"

namespace elastic::data {
namespace {

constexpr std::size_t kHeadLines = 200;
constexpr std::size_t kSamplePlaces = 16;  // in the rest of the text
constexpr std::size_t kLinesOfPlace = 40;

void require_text(std::string_view line, std::size_t number, const std::string& path) {
  if (line.find('\0') != std::string_view::npos) {
    throw DataError("data: ", path, ":", number, ": this is not a text file");
  }
  if (line.size() > kLongestLine) {
    throw DataError("data: ",
                    path,
                    ":",
                    number,
                    ": expected lines of at most ",
                    kLongestLine,
                    " bytes, got one of ",
                    line.size());
  }
}

// The separator that Excel's line "sep=;" sets; "" for other lines.
std::string excel_separator(std::string_view line) {
  const bool is = line.size() == 5 && (line.starts_with("sep=") || line.starts_with("SEP="));
  return is ? std::string(line.substr(4)) : "";
}

// The text of a comment, "# text", "% text" or "// text"; also of a header after '#'. Ids may begin
// with these characters.
std::optional<std::string_view> text_of_comment(std::string_view line) {
  for (const std::string_view start : {"#", "%", "//"}) {
    if (!line.starts_with(start)) {
      continue;
    }
    const std::string_view text = line.substr(start.size());
    const NameMeaning meaning = meaning_of(text.substr(0, text.find_first_of("\t,;| ")));
    if (text.empty() || text[0] == ' ' || text[0] == start[0] || meaning.user || meaning.item) {
      return stripped(text);
    }
  }
  return std::nullopt;
}

// The first line after the comments of a MatrixMarket file: rows, columns and entries.
bool is_size_of_matrix(std::string_view line, const LogSample& sample) {
  return !sample.skipped.empty() && sample.skipped.front().starts_with("%%MatrixMarket") &&
         !line.starts_with('%') &&
         std::none_of(sample.skipped.begin(), sample.skipped.end(), [](const std::string& other) {
           return !other.starts_with('%');
         });
}

// Lines from places over the whole length of `text`. Lines of a text with quotes are left out: a
// place may lie within a quoted field.
std::vector<std::string_view> spread_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t place = 1; place <= kSamplePlaces; ++place) {
    const std::size_t at = text.find('\n', (text.size() - 1) / (kSamplePlaces + 1) * place);
    if (at == std::string_view::npos) {
      break;
    }
    std::string_view rest = text.substr(at + 1);
    for (std::size_t i = 0; i < kLinesOfPlace && !rest.empty(); ++i) {
      const std::size_t end = rest.find('\n');
      std::string_view line = rest.substr(0, end);
      if (end == std::string_view::npos || line.size() > kLongestLine ||
          line.find('"') != std::string_view::npos) {
        break;
      }
      line.remove_suffix(line.ends_with('\r') ? 1 : 0);
      if (!stripped(line).empty()) {
        lines.push_back(line);
      }
      rest.remove_prefix(end + 1);
    }
  }
  return lines;
}

}  // namespace

LogSample sample_log(std::string_view text, const std::string& path) {
  LogSample sample;
  LineWalker lines(text, {","});
  std::size_t head_bytes = 0;
  for (std::string_view line; sample.head.size() < kHeadLines && lines.next(line);) {
    head_bytes = static_cast<std::size_t>(line.data() - text.data()) + line.size();
    if (stripped(line).empty()) {
      continue;
    }
    require_text(line, lines.number(), path);
    if (sample.head.empty()) {
      if (is_size_of_matrix(line, sample)) {
        sample.skipped.emplace_back(line);
        sample.commented.clear();
        continue;
      }
      if (const std::string separator = excel_separator(line); !separator.empty()) {
        sample.separator = separator;
        sample.skipped.emplace_back(line);
        continue;
      }
      if (const auto comment = text_of_comment(line)) {
        const std::size_t blank = line.find(' ');
        sample.comment = blank <= 2 ? std::string(line.substr(0, blank + 1)) : sample.comment;
        sample.commented = *comment;
        sample.skipped.emplace_back(line);
        continue;
      }
    } else if (!sample.comment.empty() && line.starts_with(sample.comment)) {
      continue;
    }
    sample.head.push_back(line);
    sample.numbers.push_back(lines.number());
  }
  if (sample.head.empty()) {
    throw DataError("data: ", path, ": the file is empty; expected rows of user and item");
  }
  if (text.size() > 4 * head_bytes) {
    sample.rest = spread_lines(text.substr(head_bytes));
  }
  return sample;
}

void refuse_first_line(const LogSample& sample,
                       const std::string& path,
                       const std::string& expectation,
                       const std::string& advice) {
  throw DataError("data: ",
                  path,
                  ":",
                  sample.numbers.front(),
                  ": expected ",
                  expectation,
                  ", got \"",
                  excerpt(sample.head.front()),
                  "\"",
                  advice);
}

}  // namespace elastic::data

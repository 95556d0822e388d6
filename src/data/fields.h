// Lines of separated values.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

/// Cuts `line` at `separator` (one or more characters). With ',' and ';' a field may stand in
/// double quotes, a doubled quote inside meaning one (RFC 4180); a quote elsewhere is a character
/// like any other. With ' ' runs of spaces count as one. The views point into `line` or into the
/// splitter, and live until the next call.
class FieldSplitter {
 public:
  explicit FieldSplitter(std::string separator) : separator_(std::move(separator)) {}
  const std::vector<std::string_view>& split(std::string_view line);
  [[nodiscard]] const std::string& separator() const { return separator_; }

 private:
  void split_at(char separator, std::string_view line);
  void split_quoted(std::string_view line);
  void split_blanks(std::string_view line);

  std::string separator_;
  std::vector<std::string_view> fields_;
  std::deque<std::string> unquoted_;
};

/// Walks through a text line by line, without the line's end ("\n" or "\r\n"). Told that ',' or ';'
/// separates, it keeps a quoted field's line breaks within the line.
class LineWalker {
 public:
  explicit LineWalker(std::string_view text, std::string_view separator = {});
  /// False at the end.
  bool next(std::string_view& line);
  /// Of the latest line (its first, if it has several), from 1.
  [[nodiscard]] std::size_t number() const { return number_; }
  /// Of the line that next() would give.
  [[nodiscard]] std::size_t next_number() const { return next_number_; }

 private:
  std::string_view rest_;
  char quoted_separator_ = '\0';  // '\0': quotes mean nothing
  std::size_t number_ = 0;
  std::size_t next_number_ = 1;
};

/// How `separator` cuts a sample: the most common number of fields, the share of the lines that
/// have it, and the largest number.
struct FieldCounts {
  std::string separator;
  std::size_t num_fields = 0;
  double share = 0.0;
  std::size_t largest = 0;
};
FieldCounts count_fields(const std::vector<std::string_view>& sample, const std::string& separator);

/// The separator that cuts the largest share of the sample lines into the same number of fields, at
/// least two; of equals the first of tab, "::", comma, "|", semicolon and space. An empty separator
/// when most lines hold none.
FieldCounts detect_separator(const std::vector<std::string_view>& sample);

/// The first lines that are not blank, at most `count`.
std::vector<std::string_view> sample_lines(std::string_view text, std::size_t count);

/// Of a line's bytes. Longer ones are no rows: their fields alone would take memory without bound.
inline constexpr std::size_t kLongestLine = std::size_t{1} << 24;

/// True if the whole field is a finite number.
bool is_number(std::string_view field);

/// Cut to 60 characters, control characters shown as '?'; for messages.
std::string excerpt(std::string_view line);

}  // namespace elastic::data

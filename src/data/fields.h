// Splits text into lines and lines into fields.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

/// How the fields of a row are written.
struct RowSyntax {
  std::string separator;   ///< one or more characters; runs of ' ' count as one
  bool backslash = false;  ///< \" within a quoted field is a quote

  bool operator==(const RowSyntax&) const = default;
  /// A field may be in double quotes, where a doubled quote means one (RFC 4180).
  [[nodiscard]] bool may_quote() const { return separator.size() == 1; }
  /// Line breaks inside quoted fields do not end the line.
  [[nodiscard]] bool spans_lines() const { return separator == "," || separator == ";"; }
};

/// Splits lines into fields, without blanks around them. Quotes that do not enclose a whole field
/// are ordinary characters. The returned views point into `line` or the splitter, and are valid
/// until the next call.
class FieldSplitter {
 public:
  explicit FieldSplitter(RowSyntax syntax) : syntax_(std::move(syntax)) {}
  explicit FieldSplitter(std::string separator) : syntax_{std::move(separator)} {}
  const std::vector<std::string_view>& split(std::string_view line);
  [[nodiscard]] const std::string& separator() const { return syntax_.separator; }

 private:
  void split_at(char separator, std::string_view line);
  void split_quoted(std::string_view line);
  void split_blanks(std::string_view line);
  std::string_view without_escapes(std::string_view quoted);

  RowSyntax syntax_;
  std::vector<std::string_view> fields_;
  std::deque<std::string> unquoted_;
};

/// Iterates over the lines of a text, without their line ends ("\n" or "\r\n").
class LineWalker {
 public:
  explicit LineWalker(std::string_view text, RowSyntax syntax = {});
  /// Sets `line` to the next line; false at the end of the text.
  bool next(std::string_view& line);
  /// Number, from 1, of the latest line; of its first line if it spans several.
  [[nodiscard]] std::size_t number() const { return number_; }
  /// Number of the line that the next call of next() returns.
  [[nodiscard]] std::size_t next_number() const { return next_number_; }

 private:
  std::string_view rest_;
  RowSyntax syntax_;
  std::size_t number_ = 0;
  std::size_t next_number_ = 1;
};

/// Field counts of sample lines: the most common number, the share of lines that have it, and the
/// largest number.
struct FieldCounts {
  RowSyntax syntax;
  std::size_t num_fields = 0;
  double share = 0.0;
  std::size_t largest = 0;
};
FieldCounts count_fields(const std::vector<std::string_view>& sample, const RowSyntax& syntax);

/// The syntax with `separator` that fits the sample best: with \" if this gives more lines the
/// same number of fields.
FieldCounts detect_escapes(const std::vector<std::string_view>& sample,
                           const std::string& separator);

/// False for "||" if some '|' of the sample is not one of a pair: "a||b" may also be three columns,
/// one of them empty.
bool may_separate(const std::string& separator, const std::vector<std::string_view>& sample);

/// The separator that splits the largest share of the sample lines into the same number of fields,
/// at least two; among equals, the first of kSeparators. The separator is empty if most lines
/// contain none of them.
FieldCounts detect_separator(const std::vector<std::string_view>& sample);

/// The first lines that are not blank, at most `count`.
std::vector<std::string_view> sample_lines(std::string_view text, std::size_t count);

/// Maximum length of a line in bytes. Longer lines are refused, which bounds the memory of a row.
inline constexpr std::size_t kLongestLine = std::size_t{1} << 24;

/// True if the whole field is a finite number.
bool is_number(std::string_view field);

/// `line` cut to 60 bytes, as visible() shows it; for messages.
std::string excerpt(std::string_view line);

}  // namespace elastic::data

// Lines of separated values.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

/// Cuts `line` at `separator` (one or more characters). With ',' a field may stand in double
/// quotes, a doubled quote inside meaning one (RFC 4180); with ' ' runs of spaces count as one. The
/// views point into `line` or into `unquoted`, and live until the next call.
class FieldSplitter {
 public:
  explicit FieldSplitter(std::string separator) : separator_(std::move(separator)) {}
  const std::vector<std::string_view>& split(std::string_view line);
  [[nodiscard]] const std::string& separator() const { return separator_; }

 private:
  void split_quoted(std::string_view line);

  std::string separator_;
  std::vector<std::string_view> fields_;
  std::vector<std::string> unquoted_;
};

/// Walks through a text line by line, without the line's end ("\n" or "\r\n").
class LineWalker {
 public:
  explicit LineWalker(std::string_view text) : rest_(text) {}
  /// False at the end.
  bool next(std::string_view& line);
  /// Of the latest line, from 1.
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

/// The separator that cuts all sample lines into the same number of fields, at least two: tab,
/// "::", comma, "|", semicolon or space, in this order; "" when none does.
std::string detect_separator(const std::vector<std::string_view>& sample);

/// "tab", "comma", ... for messages.
std::string name_of_separator(const std::string& separator);
/// The separator of an option's word: auto gives "", else tab, comma, space, semicolon, pipe or
/// "::"; throws UsageError for anything else.
std::string parse_separator(const std::string& word);

/// The first lines that are not blank, at most `count`.
std::vector<std::string_view> sample_lines(std::string_view text, std::size_t count);

/// True if the whole field is a finite number.
bool is_number(std::string_view field);

/// Cut to 60 characters, control characters shown as '?'; for messages.
std::string excerpt(std::string_view line);

}  // namespace elastic::data

#include "cli/serving/body_texts.h"

#include <algorithm>

#include "base/error.h"
#include "data/blanks.h"

namespace elastic::cli {
namespace {

// The position after the string that begins at `begin`, or the end of the text.
std::size_t after_string(std::string_view text, std::size_t begin) {
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

// The position at which the value that begins at `begin` ends: after its last bracket, or before a
// comma or bracket that is not its own, or with the text. npos if its brackets do not end.
std::size_t after_value(std::string_view text, std::size_t begin) {
  int depth = 0;
  for (std::size_t i = begin; i < text.size(); ++i) {
    const char letter = text[i];
    if (letter == '"') {
      i = after_string(text, i) - 1;
    } else if (letter == '{' || letter == '[') {
      ++depth;
    } else if (letter == '}' || letter == ']') {
      if (depth == 0) {
        return i;
      }
      if (--depth == 0) {
        return i + 1;
      }
    } else if (letter == ',' && depth == 0) {
      return i;
    }
  }
  return depth == 0 ? text.size() : std::string_view::npos;
}

std::size_t after_blanks(std::string_view text, std::size_t begin) {
  return std::min(text.find_first_not_of(" \t\r\n", begin), text.size());
}

std::vector<std::string_view> split_array(std::string_view text) {
  std::vector<std::string_view> values;
  std::size_t at = after_blanks(text, 1);
  if (at + 1 == text.size() && text[at] == ']') {
    return values;
  }
  while (at < text.size()) {
    const std::size_t end = std::min(after_value(text, at), text.size());
    values.push_back(data::stripped(text.substr(at, end - at)));
    at = after_blanks(text, end);
    if (at + 1 == text.size() && text[at] == ']') {
      return values;
    }
    if (at < text.size() && text[at] != ',') {
      throw DataError("value ", values.size(), " of the array: expected a comma or ] after it");
    }
    at = after_blanks(text, at + 1);
  }
  throw DataError("the array does not end with ]");
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

BodyTexts split_body(std::string_view body) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (body.starts_with(kByteOrderMark)) {
    body.remove_prefix(kByteOrderMark.size());
  }
  const std::string_view text = data::stripped(body);
  if (text.starts_with('[')) {
    return {BodyForm::kArray, split_array(text)};
  }
  if (text.starts_with('{') &&
      (after_value(text, 0) == text.size() || text.find('\n') == std::string_view::npos)) {
    return {BodyForm::kObject, {text}};
  }
  return {BodyForm::kLines, split_lines(body)};
}

}  // namespace elastic::cli

#include "data/list_field.h"

#include <algorithm>

#include "data/blanks.h"

namespace elastic::data {
namespace {

// Position of the quote that ends the text begun by the quote at `open`; npos if there is none.
std::size_t closing_quote(std::string_view text, std::size_t open) {
  for (std::size_t at = open + 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == text[open]) {
      return at;
    }
  }
  return std::string_view::npos;
}

}  // namespace

bool in_brackets(std::string_view field) {
  return field.size() >= 2 && ((field.front() == '[' && field.back() == ']') ||
                               (field.front() == '(' && field.back() == ')') ||
                               (field.front() == '{' && field.back() == '}' &&
                                field.find(':') == std::string_view::npos));
}

bool ListSplitter::split(std::string_view field,
                         const std::string& separator,
                         std::vector<std::string_view>& entries) {
  entries.clear();
  if (separator == "[") {
    return split_brackets(field, entries);
  }
  for (std::size_t begin = 0; begin <= field.size();) {
    const std::size_t end = std::min(field.find(separator, begin), field.size());
    const std::string_view entry = stripped(field.substr(begin, end - begin));
    if (!entry.empty()) {
      entries.push_back(entry);
    }
    begin = end + separator.size();
  }
  return true;
}

bool ListSplitter::split_brackets(std::string_view field, std::vector<std::string_view>& entries) {
  if (!in_brackets(field)) {
    return false;
  }
  unescaped_.clear();
  unescaped_.reserve(static_cast<std::size_t>(std::count(field.begin(), field.end(), '\\')));
  std::string_view rest = stripped(field.substr(1, field.size() - 2));
  // Without commas numpy's form, [1 2 3]; texts hold their own blanks.
  const bool commas = rest.find(',') != std::string_view::npos;
  while (!rest.empty()) {
    const bool quoted = rest[0] == '"' || rest[0] == '\'';
    const std::size_t close = quoted ? closing_quote(rest, 0) : 0;
    if (close == std::string_view::npos) {
      return false;
    }
    const std::size_t end =
        std::min(commas ? rest.find(',', close) : rest.find_first_of(" \t\n", close), rest.size());
    std::string_view entry = stripped(rest.substr(0, end));
    if (entry.starts_with('[') || entry.starts_with('(') || entry.starts_with('{')) {
      return false;  // a list within the list
    }
    if (quoted) {
      if (entry.size() != close + 1) {
        return false;  // text follows the closing quote
      }
      entry = entry.substr(1, close - 1);
      if (entry.find('\\') != std::string_view::npos) {
        std::string& text = unescaped_.emplace_back();
        for (std::size_t at = 0; at < entry.size(); ++at) {
          at += entry[at] == '\\' && at + 1 < entry.size() ? 1 : 0;
          text += entry[at];
        }
        entry = text;
      }
    }
    entries.push_back(entry);
    rest = stripped(rest.substr(std::min(end + (commas ? 1 : 0), rest.size())));
  }
  return true;
}

}  // namespace elastic::data

#include "cli/comparing/marked_text.h"

#include <string_view>

#include "base/visible_text.h"

namespace elastic::cli {

std::string markdown_text(const std::string& text) {
  std::string result;
  for (const char c : visible(text)) {
    if (std::string_view("\\`*_[]<>|~#&").find(c) != std::string_view::npos) {
      result += '\\';
    }
    result += c;
  }
  return result;
}

std::string latex_text(const std::string& text) {
  std::string result;
  for (const char c : visible(text)) {
    if (c == '-' && result.ends_with('-')) {
      result += "{}";  // two of them would join to a dash
    }
    switch (c) {
      case '\\':
        result += "\\textbackslash{}";
        break;
      case '~':
        result += "\\textasciitilde{}";
        break;
      case '^':
        result += "\\textasciicircum{}";
        break;
      case '<':
        result += "\\textless{}";
        break;
      case '>':
        result += "\\textgreater{}";
        break;
      case '|':
        result += "\\textbar{}";
        break;
      case '"':
        result += "''";
        break;
      case '{':
      case '}':
      case '#':
      case '$':
      case '%':
      case '&':
      case '_':
        result += '\\';
        result += c;
        break;
      default:
        result += c;
    }
  }
  return result;
}

}  // namespace elastic::cli

#include "base/escaped_text.h"

#include <array>
#include <utility>

namespace elastic {
namespace {

constexpr std::array<std::pair<char, char>, 4> kEscapes{
    {{'\t', 't'}, {'\n', 'n'}, {'\r', 'r'}, {'\\', '\\'}}};

}  // namespace

std::string escaped(std::string_view name) {
  if (name.find_first_of("\t\n\r\\") == std::string_view::npos) {
    return std::string(name);
  }
  std::string out;
  for (const char c : name) {
    char code = 0;
    for (const auto& [plain, letter] : kEscapes) {
      code = c == plain ? letter : code;
    }
    if (code != 0) {
      out += '\\';
    }
    out += code != 0 ? code : c;
  }
  return out;
}

std::string unescaped(std::string_view text) {
  if (text.find('\\') == std::string_view::npos) {
    return std::string(text);
  }
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      const char code = text[++i];
      for (const auto& [plain, letter] : kEscapes) {
        c = code == letter ? plain : c;
      }
    }
    result += c;
  }
  return result;
}

}  // namespace elastic

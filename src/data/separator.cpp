#include "data/separator.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace elastic::data {
namespace {

constexpr std::size_t kLongest = 16;

// `text` with its escapes \t, \\ and \xHH replaced; none if an escape is unknown.
std::optional<std::string> without_escapes(const std::string& text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      result += text[at];
      continue;
    }
    const char kind = text[++at];
    if (kind == 't' || kind == '\\') {
      result += kind == 't' ? '\t' : '\\';
      continue;
    }
    unsigned code = 0;
    const char* const digits = text.data() + at + 1;
    const char* const end = std::min(digits + 2, text.data() + text.size());
    if (kind != 'x' || std::from_chars(digits, end, code, 16).ptr != digits + 2) {
      return std::nullopt;
    }
    result += static_cast<char>(code);
    at += 2;
  }
  return result;
}

// Letters and digits separate nothing: such a text is a misspelt name.
bool can_separate(const std::string& characters) {
  return !characters.empty() && characters.size() <= kLongest &&
         characters.find_first_of(std::string("\n\r\"\0", 4)) == std::string::npos &&
         std::none_of(characters.begin(), characters.end(), [](unsigned char c) {
           return std::isalnum(c) != 0;
         });
}

}  // namespace

Separator Separator::parse(const std::string& text, const std::string& source) {
  Separator separator;
  if (text == separator.text_) {
    return separator;
  }
  separator.text_ = text;
  for (const KnownSeparator& known : kSeparators) {
    if (text == known.name || text == known.characters) {
      separator.characters_ = known.characters;
      return separator;
    }
  }
  const std::optional<std::string> characters = without_escapes(text);
  if (!characters || !can_separate(*characters)) {
    refuse_choice(text, source, names(), other());
  }
  separator.characters_ = *characters;
  return separator;
}

std::vector<ChoiceName> Separator::names() {
  std::vector<ChoiceName> names{{Separator().text_, ""}};
  for (const KnownSeparator& known : kSeparators) {
    names.push_back({known.name, ""});
  }
  return names;
}

std::string name_of_separator(const std::string& characters) {
  for (const KnownSeparator& known : kSeparators) {
    if (characters == known.characters) {
      return known.name;
    }
  }
  return characters;
}

}  // namespace elastic::data

#include "data/separator.h"

namespace elastic::data {

Separator Separator::parse(const std::string& text, const std::string& source) {
  Separator separator;
  if (text == separator.text_) {
    return separator;
  }
  for (const KnownSeparator& known : kSeparators) {
    if (text == known.name || text == known.characters) {
      separator.text_ = text;
      separator.characters_ = known.characters;
      return separator;
    }
  }
  refuse_choice(text, source, names());
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

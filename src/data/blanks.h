// Removes blanks and invisible characters around a field.
#pragma once

#include <string_view>

namespace elastic::data {

/// `field` without the blanks and invisible characters at its ends: ASCII blanks,
/// the no-break spaces U+00A0 and U+202F, the spaces U+2000..U+200A, U+205F and U+3000, and the
/// zero-width U+200B..U+200F, U+2060 and U+FEFF. A zero-width character inside a field stays.
std::string_view stripped_slowly(std::string_view field);

/// The same; fast for a field whose first and last bytes are visible ASCII characters.
inline std::string_view stripped(std::string_view field) {
  const auto is_visible = [](char c) {
    return c > ' ';
  };  // false for bytes >= 0x80: char is signed
  const bool plain = !field.empty() && is_visible(field.front()) && is_visible(field.back());
  return plain ? field : stripped_slowly(field);
}

}  // namespace elastic::data

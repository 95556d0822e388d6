// Validates and converts text to UTF-8, so that ids and titles can be written as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace elastic::data {

bool is_valid_utf8(std::string_view text);

/// Appends the character; U+FFFD for a surrogate or a number above U+10FFFF.
void append_utf8(char32_t character, std::string& text);

/// Converts the lines of `text` that are not UTF-8 from Windows-1252, which has the printable
/// characters of Latin-1, the encoding of old MovieLens files. Its five undefined bytes become
/// U+FFFD. The other lines stay, so that one odd line does not garble the rest. Returns the number
/// of converted lines.
int64_t convert_windows1252_lines(std::string& text);

}  // namespace elastic::data

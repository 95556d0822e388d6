// Validates and converts text to UTF-8, so that ids and titles can be written as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace elastic::data {

bool is_valid_utf8(std::string_view text);

/// Converts from ISO 8859-1, one character per byte.
std::string latin1_to_utf8(std::string_view text);

/// Converts the lines of `text` that are not UTF-8 from Latin-1, the encoding of old MovieLens
/// files. The other lines stay, so that one odd line does not garble the rest. Returns the number
/// of converted lines.
int64_t convert_latin1_lines(std::string& text);

}  // namespace elastic::data

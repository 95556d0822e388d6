// Makes sure that text is UTF-8, so that ids and titles can be written as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace elastic::data {

bool is_valid_utf8(std::string_view text);

/// Reads every byte as one ISO 8859-1 character.
std::string latin1_to_utf8(std::string_view text);

/// Rewrites the lines of `text` that are not UTF-8 as if they were Latin-1 (old MovieLens files
/// are). Line by line, so that one odd line does not garble the rest. Returns how many there were.
int64_t convert_latin1_lines(std::string& text);

}  // namespace elastic::data

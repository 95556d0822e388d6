// Encodings of text.
#pragma once

#include <string>

namespace elastic::data {

/// `bytes` in UTF-8, without a byte order mark. UTF-16 and UTF-32 are recognised by their byte
/// order mark, UTF-16 also by zeros in every other byte of the start; unpaired surrogates become
/// U+FFFD. Bytes in other encodings are returned as they are. Throws DataError naming the `file` if
/// UTF-16 or UTF-32 ends within a character.
std::string to_utf8(std::string bytes, const std::string& file);

}  // namespace elastic::data

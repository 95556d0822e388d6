// A text input as a whole, whatever it is compressed with.
#pragma once

#include <string>

namespace elastic::data {

/// The text of a plain, gzip, xz or zstd file (told apart by the first bytes, not by the name), or
/// of standard input for "-"; a byte order mark is taken off, and lines that are not
/// UTF-8 are read as Latin-1, so that what comes out is UTF-8. Throws DataError naming the file
/// when it is missing, a folder, unreadable, or its compressed stream is cut short or broken.
std::string read_text(const std::string& path);

/// Its two halves: the file as it is, and what makes text of that.
std::string read_bytes(const std::string& path);
std::string decode_text(std::string bytes, const std::string& path);

}  // namespace elastic::data

// Reads a whole text file, compressed or not.
#pragma once

#include <string>

namespace elastic::data {

/// The text, in UTF-8, of a plain, gzip, xz or zstd file (recognised by its first bytes, not by its
/// name), or of standard input for "-". A byte order mark is removed, and lines that are not UTF-8
/// are read as Latin-1. Throws DataError naming the file if it is missing, a folder, unreadable, or
/// its compressed stream is truncated or broken.
std::string read_text(const std::string& path);

/// The two steps of read_text: the raw bytes of the file, and their text. `path` is for messages.
std::string read_bytes(const std::string& path);
std::string decode_text(std::string bytes, const std::string& path);

}  // namespace elastic::data

// Reads a whole text file, compressed or not.
#pragma once

#include <string>
#include <vector>

#include "data/text_limits.h"

namespace elastic::data {

/// The text of a file in UTF-8, with '\n' as its only line end, or of standard input for "-". The
/// two steps below in one.
std::string read_text(const std::string& path, const TextLimits& limits = {});

/// The raw bytes of the file. Throws DataError naming the file if it is missing, a folder or
/// unreadable, and OutOfMemoryError if it is longer than the limit.
std::string read_bytes(const std::string& path, const TextLimits& limits = TextLimits::none());

/// The text of the raw bytes of a file. What they hold is recognised by their content, not by the
/// name; `path` is for messages.
/// - Compression: gzip, bzip2, xz or zstd, also one within another.
/// - Encoding: UTF-8, UTF-16 or UTF-32 with or without a byte order mark, which is removed; UTF-32
///   only with one. Lines of other bytes are read as Windows-1252.
/// - Line ends: '\n', "\r\n", or '\r' if the text holds no '\n'.
/// Adds warnings to `notes`, for people. Throws DataError if a compressed stream is truncated or
/// broken, or if the file is of another kind (an archive, Parquet, a database: the message holds a
/// command that converts it), and OutOfMemoryError if the text is longer than the limit.
std::string decode_text(std::string bytes,
                        const std::string& path,
                        const TextLimits& limits = {},
                        std::vector<std::string>* notes = nullptr);

}  // namespace elastic::data

// Characters and escapes of JSON text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace elastic::data {

/// Writes a character as UTF-8, at most four bytes, and returns the end. A surrogate or a number
/// above U+10FFFF is written as U+FFFD.
char* write_utf8(std::uint32_t character, char* out);

/// The value of four hexadecimal digits (or `count`) at the start of `text`, or -1.
std::int64_t parse_hex(std::string_view text, std::size_t count = 4);

/// The character of two \u escapes that form a surrogate pair, or 0.
std::uint32_t join_surrogates(std::uint32_t high, std::uint32_t low);

/// Replaces the escapes of JSON in `text` in place, and returns its new length; npos if one is
/// unknown. A lone surrogate becomes U+FFFD.
std::size_t unescape_json(char* text, std::size_t length);

/// True if unescape_json() knows all escapes of `text`.
bool has_known_escapes(std::string_view text);

/// Appends a byte of UTF-8 to a JSON text, escaped where JSON demands it.
void append_json(char byte, std::string& out);

}  // namespace elastic::data

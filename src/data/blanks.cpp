#include "data/blanks.h"

#include <cstddef>

namespace elastic::data {
namespace {

// True if `bytes` are one blank or invisible character.
bool is_invisible(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() == 1) {
    return byte(0) == ' ' || (byte(0) >= '\t' && byte(0) <= '\r');
  }
  if (bytes.size() == 2) {
    return bytes == "\xc2\xa0";
  }
  const bool general_punctuation = bytes.size() == 3 && byte(0) == 0xE2;
  return (general_punctuation && byte(1) == 0x80 && (byte(2) <= 0x8F || byte(2) == 0xAF)) ||
         (general_punctuation && byte(1) == 0x81 && (byte(2) == 0x9F || byte(2) == 0xA0)) ||
         bytes == "\xe3\x80\x80" || bytes == "\xef\xbb\xbf";
}

constexpr std::size_t kLongestRemoved = 3;

}  // namespace

std::string_view stripped_slowly(std::string_view field) {
  for (std::size_t length = 1; length <= kLongestRemoved && length <= field.size();) {
    if (is_invisible(field.substr(0, length))) {
      field.remove_prefix(length);
      length = 1;
    } else {
      ++length;
    }
  }
  for (std::size_t length = 1; length <= kLongestRemoved && length <= field.size();) {
    if (is_invisible(field.substr(field.size() - length))) {
      field.remove_suffix(length);
      length = 1;
    } else {
      ++length;
    }
  }
  return field;
}

}  // namespace elastic::data

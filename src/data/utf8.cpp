#include "data/utf8.h"

#include <cstring>

namespace elastic::data {
namespace {

/// Position of the first byte >= 0x80 at or after `at`; tests eight bytes at a time.
size_t skip_ascii(std::string_view text, size_t at) {
  constexpr uint64_t kHighBits = 0x8080808080808080ULL;
  while (at + sizeof(uint64_t) <= text.size()) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof(word));
    if ((word & kHighBits) != 0) {
      break;
    }
    at += sizeof(word);
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) {
    ++at;
  }
  return at;
}

/// Length of the well-formed multi-byte character at `at`, or 0. By Unicode 15, table 3-7: no
/// overlong forms, no surrogates, nothing above U+10FFFF.
size_t character_length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto continues = [&](size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first >= 0xC2 && first <= 0xDF) {
    return continues(1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const bool refused = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F);
    return !refused && continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool refused = (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
    return !refused && continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

constexpr char32_t kReplacement = 0xFFFD;

// The characters of the bytes 0x80 to 0x9F.
constexpr char32_t kWindows1252[32] = {
    0x20AC,       kReplacement, 0x201A, 0x0192, 0x201E, 0x2026,       0x2020, 0x2021,
    0x02C6,       0x2030,       0x0160, 0x2039, 0x0152, kReplacement, 0x017D, kReplacement,
    kReplacement, 0x2018,       0x2019, 0x201C, 0x201D, 0x2022,       0x2013, 0x2014,
    0x02DC,       0x2122,       0x0161, 0x203A, 0x0153, kReplacement, 0x017E, 0x0178};

void append_windows1252(std::string_view line, std::string& text) {
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    append_utf8(byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80] : byte, text);
  }
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  size_t at = skip_ascii(text, 0);
  while (at < text.size()) {
    const size_t length = character_length(text, at);
    if (length == 0) {
      return false;
    }
    at = skip_ascii(text, at + length);
  }
  return true;
}

void append_utf8(char32_t character, std::string& text) {
  if ((character >= 0xD800 && character <= 0xDFFF) || character > 0x10FFFF) {
    character = kReplacement;
  }
  if (character < 0x80) {
    text.push_back(static_cast<char>(character));
    return;
  }
  const unsigned following = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  constexpr unsigned kFirst[] = {0, 0xC0, 0xE0, 0xF0};
  text.push_back(static_cast<char>(kFirst[following] | (character >> (6 * following))));
  for (unsigned left = following; left > 0; --left) {
    text.push_back(static_cast<char>(0x80U | ((character >> (6 * (left - 1))) & 0x3FU)));
  }
}

int64_t convert_windows1252_lines(std::string& text) {
  if (is_valid_utf8(text)) {
    return 0;
  }
  const std::string_view all = text;
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  int64_t num_converted = 0;
  for (size_t begin = 0; begin < all.size();) {
    const size_t newline = all.find('\n', begin);
    const size_t end = newline == std::string_view::npos ? all.size() : newline + 1;
    const std::string_view line = all.substr(begin, end - begin);
    if (is_valid_utf8(line)) {
      out.append(line);
    } else {
      append_windows1252(line, out);
      ++num_converted;
    }
    begin = end;
  }
  text = std::move(out);
  return num_converted;
}

}  // namespace elastic::data

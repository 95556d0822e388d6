#include "base/visible_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace elastic {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;  // 0: the bytes are not UTF-8
};

// The character at the start of `text`, which is not empty.
Character first_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) {
    return {first, 1};
  }
  const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length == 0 || first > 0xF4 || text.size() < length) {
    return {};
  }
  std::uint32_t code = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80U) {
      return {};
    }
    code = code << 6U | (byte & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < kSmallest[length] || code > 0x10FFFF || surrogate ? Character{}
                                                                  : Character{code, length};
}

bool is_blank(std::uint32_t code) {
  return (code >= '\t' && code <= '\r') || code == 0x85 || code == 0x2028 || code == 0x2029;
}

bool is_left_out(std::uint32_t code) {
  return code == 0xAD || code == 0x200C || code == 0x200D;
}

struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

bool is_hostile(std::uint32_t code) {
  constexpr auto kHostile = std::to_array<Range>({
      {0x00, 0x1F},        // C0
      {0x7F, 0x9F},        // DEL and C1
      {0x34F, 0x34F},      // grapheme joiner
      {0x61C, 0x61C},      // Arabic letter mark
      {0x115F, 0x1160},    // Hangul fillers
      {0x17B4, 0x17B5},    // Khmer inherent vowels
      {0x180B, 0x180E},    // Mongolian separators
      {0x200B, 0x200F},    // zero-width space and direction marks
      {0x202A, 0x202E},    // embeddings and overrides of the direction
      {0x2060, 0x206F},    // word joiner, invisible operators, isolates
      {0x3164, 0x3164},    // Hangul filler
      {0xFEFF, 0xFEFF},    // byte order mark
      {0xFFA0, 0xFFA0},    // Hangul filler
      {0xFFF0, 0xFFFB},    // interlinear annotations
      {0xE0000, 0xE0FFF},  // tags
  });
  return std::any_of(kHostile.begin(), kHostile.end(), [code](const Range& range) {
    return code >= range.first && code <= range.last;
  });
}

bool is_plain(char c) {
  return c >= ' ' && c < 0x7F;
}

}  // namespace

std::string visible(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const auto plain = static_cast<std::size_t>(
        std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
    shown += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) {
      break;
    }
    const Character character = first_character(text);
    const std::string_view bytes = text.substr(0, std::max<std::size_t>(character.length, 1));
    if (character.length == 0) {
      shown += kReplacement;
    } else if (is_blank(character.code)) {
      shown += ' ';
    } else if (!is_left_out(character.code)) {
      shown += is_hostile(character.code) ? kReplacement : bytes;
    }
    text.remove_prefix(bytes.size());
  }
  return shown;
}

}  // namespace elastic

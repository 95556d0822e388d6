#include "data/json_text.h"

#include <cstring>

namespace elastic::data {
namespace {

/// The character of a one-letter escape such as \n, or '\0'.
char simple_escape(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return '\0';
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The character of the escape \uXXXX at the start of `text`, or of a pair of such; sets the number
/// of bytes read, 0 if the digits are wrong.
std::uint32_t unicode_escape(std::string_view text, std::size_t& bytes) {
  const std::int64_t first = parse_hex(text.substr(2));
  bytes = first < 0 ? 0 : 6;
  if (first >= 0 && text.size() >= 12 && text[6] == '\\' && text[7] == 'u') {
    const std::int64_t second = parse_hex(text.substr(8));
    const std::uint32_t joined = second < 0 ? 0
                                            : join_surrogates(static_cast<std::uint32_t>(first),
                                                              static_cast<std::uint32_t>(second));
    if (joined != 0) {
      bytes = 12;
      return joined;
    }
  }
  return static_cast<std::uint32_t>(first);
}

}  // namespace

char* write_utf8(std::uint32_t character, char* out) {
  if ((character >= 0xD800 && character <= 0xDFFF) || character > 0x10FFFF) {
    character = 0xFFFD;
  }
  const auto put = [&out](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xC0U | (character >> 6U));
    put(0x80U | (character & 0x3FU));
  } else if (character < 0x10000) {
    put(0xE0U | (character >> 12U));
    put(0x80U | ((character >> 6U) & 0x3FU));
    put(0x80U | (character & 0x3FU));
  } else {
    put(0xF0U | (character >> 18U));
    put(0x80U | ((character >> 12U) & 0x3FU));
    put(0x80U | ((character >> 6U) & 0x3FU));
    put(0x80U | (character & 0x3FU));
  }
  return out;
}

std::int64_t parse_hex(std::string_view text, std::size_t count) {
  if (text.size() < count) {
    return -1;
  }
  std::int64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

std::uint32_t join_surrogates(std::uint32_t high, std::uint32_t low) {
  const bool is_pair = high >= 0xD800 && high <= 0xDBFF && low >= 0xDC00 && low <= 0xDFFF;
  return is_pair ? 0x10000 + ((high - 0xD800) << 10U) + (low - 0xDC00) : 0;
}

std::size_t unescape_json(char* text, std::size_t length) {
  const std::string_view all(text, length);
  char* out = text;
  for (std::size_t at = 0; at < length;) {
    std::size_t escape = all.find('\\', at);
    escape = escape == std::string_view::npos ? length : escape;
    std::memmove(out, text + at, escape - at);
    out += escape - at;
    at = escape;
    if (at == length) {
      break;
    }
    const char letter = at + 1 < length ? all[at + 1] : '\0';
    if (letter == 'u') {
      std::size_t bytes = 0;
      const std::uint32_t character = unicode_escape(all.substr(at), bytes);
      if (bytes == 0) {
        return std::string_view::npos;
      }
      out = write_utf8(character, out);
      at += bytes;
    } else {
      *out = simple_escape(letter);
      if (*out++ == '\0') {
        return std::string_view::npos;
      }
      at += 2;
    }
  }
  return static_cast<std::size_t>(out - text);
}

bool has_known_escapes(std::string_view text) {
  for (std::size_t at = text.find('\\'); at != std::string_view::npos;) {
    const char letter = at + 1 < text.size() ? text[at + 1] : '\0';
    if (letter == 'u' ? parse_hex(text.substr(at + 2)) < 0 : simple_escape(letter) == '\0') {
      return false;
    }
    at = text.find('\\', at + 2);
  }
  return true;
}

void append_json(char byte, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  if (byte == '"' || byte == '\\') {
    out.push_back('\\');
    out.push_back(byte);
  } else if (static_cast<unsigned char>(byte) < 0x20) {
    out.append("\\u00");
    out.push_back(kDigits[static_cast<unsigned char>(byte) / 16]);
    out.push_back(kDigits[static_cast<unsigned char>(byte) % 16]);
  } else {
    out.push_back(byte);
  }
}

}  // namespace elastic::data

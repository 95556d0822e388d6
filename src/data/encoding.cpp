#include "data/encoding.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "data/utf8.h"

namespace elastic::data {
namespace {

using namespace std::string_view_literals;

struct WideEncoding {
  const char* name = "";
  std::string_view mark;  // at the start
  std::size_t unit_bytes = 1;
  std::endian order = std::endian::little;
};

// UTF-32 is before UTF-16, whose mark is the start of its own.
constexpr WideEncoding kWideEncodings[] = {
    {"UTF-32", "\xff\xfe\0\0"sv, 4, std::endian::little},
    {"UTF-32", "\0\0\xfe\xff"sv, 4, std::endian::big},
    {"UTF-16", "\xff\xfe"sv, 2, std::endian::little},
    {"UTF-16", "\xfe\xff"sv, 2, std::endian::big},
};

// UTF-16 without a mark. Its first characters are mostly ASCII: of each pair of bytes one is zero,
// always the same, and the other is text.
WideEncoding unmarked_encoding(std::string_view bytes) {
  constexpr std::size_t kStart = 256;
  const std::size_t pairs = std::min(bytes.size(), kStart) / 2;
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    const std::size_t low = order == std::endian::little ? 0 : 1;
    std::size_t ascii = 0;
    bool text = pairs >= 2;
    for (std::size_t i = 0; i < pairs; ++i) {
      const bool zero = bytes[2 * i + 1 - low] == '\0';
      const auto character = static_cast<unsigned char>(bytes[2 * i + low]);
      ascii += zero ? 1 : 0;
      text = text && (!zero || character >= '\t');
    }
    if (text && ascii * 10 >= pairs * 7) {
      return {"UTF-16", "", 2, order};
    }
  }
  return {};
}

WideEncoding encoding_of(std::string_view bytes) {
  // Wide text holds zeros, at the latest in a line end. Without them, a mark is text of one byte a
  // character.
  constexpr std::size_t kReach = 4096;
  for (const WideEncoding& encoding : kWideEncodings) {
    const bool zeros = bytes.substr(0, kReach).find('\0') != std::string_view::npos;
    if (bytes.starts_with(encoding.mark) && (zeros || bytes.size() == encoding.mark.size())) {
      return encoding;
    }
  }
  return unmarked_encoding(bytes);
}

char32_t unit_at(std::string_view bytes, std::size_t at, const WideEncoding& encoding) {
  char32_t unit = 0;
  for (std::size_t i = 0; i < encoding.unit_bytes; ++i) {
    const std::size_t from_high =
        encoding.order == std::endian::big ? i : encoding.unit_bytes - 1 - i;
    unit = (unit << 8U) | static_cast<unsigned char>(bytes[at + from_high]);
  }
  return unit;
}

std::string narrowed(std::string_view bytes,
                     const WideEncoding& encoding,
                     const std::string& file) {
  bytes.remove_prefix(encoding.mark.size());
  if (bytes.size() % encoding.unit_bytes != 0) {
    throw DataError("data: ",
                    file,
                    ": the ",
                    encoding.name,
                    " text ends within a character; is the file truncated?");
  }
  std::string text;
  text.reserve(bytes.size() / encoding.unit_bytes + bytes.size() / 16);
  for (std::size_t at = 0; at < bytes.size(); at += encoding.unit_bytes) {
    char32_t character = unit_at(bytes, at, encoding);
    const bool high_surrogate = character >= 0xD800 && character <= 0xDBFF;
    if (high_surrogate && encoding.unit_bytes == 2 && at + 2 < bytes.size()) {
      const char32_t low = unit_at(bytes, at + 2, encoding);
      if (low >= 0xDC00 && low <= 0xDFFF) {
        character = 0x10000 + ((character - 0xD800) << 10U) + (low - 0xDC00);
        at += 2;
      }
    }
    append_utf8(character, text);
  }
  return text;
}

}  // namespace

std::string to_utf8(std::string bytes, const std::string& file) {
  const WideEncoding encoding = encoding_of(bytes);
  if (encoding.unit_bytes > 1) {
    return narrowed(bytes, encoding, file);
  }
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (bytes.starts_with(kByteOrderMark)) {
    bytes.erase(0, kByteOrderMark.size());
  }
  return bytes;
}

}  // namespace elastic::data

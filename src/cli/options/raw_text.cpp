#include "cli/options/raw_text.h"

#include <charconv>
#include <string_view>

#include "data/utf8.h"

namespace elastic::cli {
namespace {

constexpr std::string_view kMark = "bytes:";
constexpr std::size_t kLongestCharacter = 4;

// The length of the character at the start of `text`, 0 if its first byte is not part of one.
std::size_t length_of_first(std::string_view text) {
  for (std::size_t length = 1; length <= kLongestCharacter && length <= text.size(); ++length) {
    if (data::is_valid_utf8(text.substr(0, length))) {
      return length;
    }
  }
  return 0;
}

std::string percent(char byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto code = static_cast<unsigned char>(byte);
  return {'%', kDigits[code / 16U], kDigits[code % 16U]};
}

}  // namespace

std::string to_json_spelling(const std::string& raw) {
  if (data::is_valid_utf8(raw) && !raw.starts_with(kMark)) {
    return raw;
  }
  std::string spelling(kMark);
  for (std::string_view rest = raw; !rest.empty();) {
    const std::size_t length = length_of_first(rest);
    const bool plain = length > 0 && rest[0] != '%';
    spelling += plain ? std::string(rest.substr(0, length)) : percent(rest[0]);
    rest.remove_prefix(plain ? length : 1);
  }
  return spelling;
}

std::string from_json_spelling(const std::string& text) {
  if (!text.starts_with(kMark)) {
    return text;
  }
  std::string raw;
  for (std::size_t i = kMark.size(); i < text.size(); ++i) {
    unsigned int code = 0;
    const char* const digits = text.data() + i + 1;
    const bool escaped = text[i] == '%' && i + 2 < text.size() &&
                         std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2;
    raw += escaped ? static_cast<char>(code) : text[i];
    i += escaped ? 2 : 0;
  }
  return raw;
}

}  // namespace elastic::cli

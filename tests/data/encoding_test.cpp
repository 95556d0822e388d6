#include "data/encoding.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace elastic::data {
namespace {

// `text` in units of `bytes` bytes.
std::string wide(std::u32string_view text, std::size_t bytes, bool big) {
  std::string out;
  const auto add = [&](char32_t unit) {
    for (std::size_t i = 0; i < bytes; ++i) {
      out.push_back(static_cast<char>(unit >> (8 * (big ? bytes - 1 - i : i))));
    }
  };
  for (const char32_t character : text) {
    if (bytes == 2 && character > 0xFFFF) {
      add(0xD800 + ((character - 0x10000) >> 10U));
      add(0xDC00 + ((character - 0x10000) & 0x3FFU));
    } else {
      add(character);
    }
  }
  return out;
}

constexpr std::u32string_view kText = U"user,item\r\n1,caf\u00e9 \u0416\u20ac\U0001F600\n";
constexpr const char* kUtf8 = "user,item\r\n1,caf\u00e9 \u0416\u20ac\U0001F600\n";

TEST_CASE("encoding: a byte order mark of UTF-8 is removed, other bytes stay") {
  CHECK(to_utf8("\xef\xbb\xbf"
                "a,b\n",
                "log") == "a,b\n");
  CHECK(to_utf8("\xef\xbb", "log") == "\xef\xbb");
  CHECK(to_utf8("caf\xe9\n", "log") == "caf\xe9\n");
  CHECK(to_utf8("", "log").empty());
}

TEST_CASE("encoding: UTF-16 and UTF-32 are read by their byte order mark") {
  for (const std::size_t bytes : {2U, 4U}) {
    for (const bool big : {false, true}) {
      const std::u32string marked = U"\ufeff" + std::u32string(kText);
      CHECK(to_utf8(wide(marked, bytes, big), "log") == kUtf8);
      CHECK(to_utf8(wide(U"\ufeff", bytes, big), "log").empty());
    }
  }
}

TEST_CASE("encoding: the bytes of a mark without zeros are text of one byte a character") {
  CHECK(to_utf8("\xff\xfe,\x80\nb,c\n", "log") == "\xff\xfe,\x80\nb,c\n");
}

TEST_CASE("encoding: UTF-16 without a mark is recognised by its zeros") {
  CHECK(to_utf8(wide(kText, 2, false), "log") == kUtf8);
  CHECK(to_utf8(wide(kText, 2, true), "log") == kUtf8);
  CHECK(to_utf8(wide(U"1 2", 2, false), "log") == "1 2");
  const std::string counts("\1\0\2\0\3\0\4\0", 8);  // numbers of 16 bits, not text
  CHECK(to_utf8(counts, "log") == counts);
  const std::string numbers("\x31\0\0\0\x32\0\0\0", 8);  // numbers of 32 bits
  CHECK(to_utf8(numbers, "log") == numbers);
}

TEST_CASE("encoding: unpaired surrogates become U+FFFD") {
  const std::string text = wide(U"\ufeff", 2, false) + std::string("\x00\xd8\x61\x00", 4) +
                           std::string("\x00\xdc\x0a\x00\x00\xd8", 6);
  CHECK(to_utf8(text, "log") == "\ufffda\ufffd\n\ufffd");
  CHECK(to_utf8(std::string("\xff\xfe\0\0\0\xd8\0\0\0\0\x11\0", 12), "log") == "\ufffd\ufffd");
}

TEST_CASE("encoding: text that ends within a character is refused") {
  const std::string text = wide(
                               U"\ufeff"
                               U"a,b\n",
                               2,
                               false) +
                           "\n";
  CHECK_THROWS_WITH_AS(to_utf8(text, "log"),
                       "data: log: the UTF-16 text ends within a character; is the file truncated?",
                       DataError);
}

}  // namespace
}  // namespace elastic::data

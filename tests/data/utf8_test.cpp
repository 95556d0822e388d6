#include "data/utf8.h"

#include <doctest/doctest.h>

#include <string>

namespace elastic::data {
namespace {

TEST_CASE("utf8: well-formed characters of every length pass, malformed ones do not") {
  for (const char* text : {"",
                           "plain, longer than eight",
                           "\xc2\x80",
                           "\xe0\xa0\x80",
                           "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"}) {
    CAPTURE(text);
    CHECK(is_valid_utf8(text));
  }
  for (const char* text : {"\x80",              // a lone continuation byte
                           "\xc3",              // truncated
                           "\xe2\x82",          // truncated
                           "\xc0\xaf",          // overlong
                           "\xed\xa0\x80",      // surrogate
                           "\xf4\x90\x80\x80",  // above U+10FFFF
                           "12345678\xff"}) {
    CAPTURE(text);
    CHECK(!is_valid_utf8(text));
  }
}

TEST_CASE("utf8: only lines that are not UTF-8 are read as Windows-1252") {
  std::string text = "Caf\xe9\nCaf\xc3\xa9\nplain";
  CHECK(convert_windows1252_lines(text) == 1);
  CHECK(text == "Caf\xc3\xa9\nCaf\xc3\xa9\nplain");
  CHECK(convert_windows1252_lines(text) == 0);
}

TEST_CASE("utf8: the bytes 0x80 to 0x9F of Windows-1252 are typographic characters") {
  std::string text = "\x80 \x93quoted\x94 Schindler\x92s \x9f \xa0\xff";
  convert_windows1252_lines(text);
  CHECK(text == "\u20ac \u201cquoted\u201d Schindler\u2019s \u0178 \u00a0\u00ff");
  text = "\x81\x8d\x8f\x90\x9d";  // undefined
  convert_windows1252_lines(text);
  CHECK(text == "\ufffd\ufffd\ufffd\ufffd\ufffd");
}

TEST_CASE("utf8: characters of every length are written, impossible ones as U+FFFD") {
  std::string text;
  for (const char32_t character : {0x0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF}) {
    append_utf8(character, text);
  }
  CHECK(text == std::string("\0\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80"
                            "\xf4\x8f\xbf\xbf",
                            20));
  text.clear();
  append_utf8(0xD800, text);
  append_utf8(0x110000, text);
  CHECK(text == "\ufffd\ufffd");
}

}  // namespace
}  // namespace elastic::data

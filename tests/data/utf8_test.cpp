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

TEST_CASE("utf8: only lines that are not UTF-8 are read as Latin-1") {
  std::string text = "Caf\xe9\nCaf\xc3\xa9\nplain";
  CHECK(convert_latin1_lines(text) == 1);
  CHECK(text == "Caf\xc3\xa9\nCaf\xc3\xa9\nplain");
  CHECK(convert_latin1_lines(text) == 0);
}

}  // namespace
}  // namespace elastic::data

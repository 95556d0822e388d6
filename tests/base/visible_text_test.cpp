#include "base/visible_text.h"

#include <doctest/doctest.h>

namespace elastic {
namespace {

const std::string mark = "\xef\xbf\xbd";  // U+FFFD

TEST_CASE("visible text: text of any script stays") {
  for (const char* text : {"",
                           "Heat (1995)",
                           "Caf\xc3\xa9",
                           "\xd0\x93\xd0\xbe\xd0\xbb",
                           "\xe6\x97\xa5\xe6\x9c\xac",
                           "\xf0\x9f\x8e\xac\xef\xb8\x8f",
                           "\xef\xbf\xbd"}) {
    CHECK(visible(text) == text);
  }
}

TEST_CASE("visible text: a tab or line end becomes a blank") {
  CHECK(visible("a\tb\nc\rd\ve\ff") == "a b c d e f");
  CHECK(visible("a\xc2\x85z \xe2\x80\xa8z \xe2\x80\xa9z") == "a z  z  z");
}

TEST_CASE("visible text: control characters of one and two bytes are replaced") {
  CHECK(visible("\033[31mred\033[0m") == mark + "[31mred" + mark + "[0m");
  CHECK(visible(std::string_view("a\0b", 3)) == "a" + mark + "b");
  CHECK(visible("\x7f\x08") == mark + mark);
  CHECK(visible("\xc2\x9b"
                "31m") == mark + "31m");
}

TEST_CASE("visible text: characters that change the direction or are not seen are replaced") {
  for (const char* hostile : {"\xe2\x80\xaa",
                              "\xe2\x80\xae",
                              "\xe2\x81\xa6",
                              "\xe2\x81\xa9",
                              "\xe2\x80\x8b",
                              "\xe2\x80\x8e",
                              "\xe2\x80\x8f",
                              "\xe2\x81\xa0",
                              "\xef\xbb\xbf",
                              "\xd8\x9c",
                              "\xf3\xa0\x81\x81"}) {
    CHECK(visible(hostile) == mark);
  }
  CHECK(visible("a\xe2\x80\x8d"
                "b\xe2\x80\x8c"
                "c\xc2\xad"
                "d") == "abcd");
}

TEST_CASE("visible text: each byte that is not UTF-8 is replaced") {
  CHECK(visible("\x9b"
                "31m") == mark + "31m");
  CHECK(visible("a\xe9z") == "a" + mark + "z");
  CHECK(visible("\xc0\x8a") == mark + mark);  // an overlong line end
  CHECK(visible("\xe0\x80\x8a") == mark + mark + mark);
  CHECK(visible("\xed\xa0\x80") == mark + mark + mark);  // a surrogate
  CHECK(visible("\xf4\x90\x80\x80") == mark + mark + mark + mark);
  CHECK(visible("\xe2\x80") == mark + mark);
}

}  // namespace
}  // namespace elastic

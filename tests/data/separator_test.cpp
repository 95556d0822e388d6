#include "data/separator.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"

namespace elastic::data {
namespace separator_test {

std::string characters_of(const std::string& text) {
  return Separator::parse(text, "--separator").characters();
}

TEST_CASE("separator: names, characters and escapes") {
  CHECK(Separator::parse("auto", "--separator").is_auto());
  CHECK(characters_of("auto").empty());
  CHECK(characters_of("tab") == "\t");
  CHECK(characters_of("^A") == "\x01");
  CHECK(characters_of("space") == " ");
  CHECK(characters_of("\\t") == "\t");
  CHECK(characters_of("\\\\") == "\\");
  CHECK(characters_of("\\") == "\\");
  CHECK(characters_of("#\\x1f#") == "#\x1f#");
  CHECK(characters_of("\\x2c\\x3B") == ",;");
  CHECK(characters_of("~\\t\\\\~") == "~\t\\~");
  CHECK(Separator::parse("\\x2c", "--separator").text() == "\\x2c");
  CHECK(characters_of(std::string(16, '-')) == std::string(16, '-'));
}

TEST_CASE(
    "separator: unknown escapes, letters, digits, quotes, line ends and long texts are refused") {
  for (const char* text : {"",
                           "comma,",
                           "\\x2",
                           "\\x",
                           "\\xg0",
                           "\\y2c",
                           "\\x0g",
                           "\\n",
                           "\\x0a",
                           "\\x0d",
                           "\\x22",
                           "\\x00",
                           "\\x41",
                           "7",
                           "-----------------"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(Separator::parse(text, "--separator"),
                         doctest::Contains("--separator: expected auto, tab"),
                         UsageError);
  }
}

TEST_CASE("separator: messages use the names") {
  CHECK(name_of_separator(",") == "comma");
  CHECK(name_of_separator("\t") == "tab");
  CHECK(name_of_separator("~") == "~");
}

}  // namespace separator_test
}  // namespace elastic::data

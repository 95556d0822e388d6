#include "data/line_ends.h"

#include <doctest/doctest.h>

namespace elastic::data {
namespace {

TEST_CASE("line ends: all become \\n, other carriage returns stay") {
  struct Case {
    std::string text;
    std::string unified;
  };
  for (const Case& c : {Case{"", ""},
                        {"a\nb\n", "a\nb\n"},
                        {"a\r\nb\r\n", "a\nb\n"},
                        {"a\r\nb", "a\nb"},
                        {"a\r\r\nb\r", "a\nb"},
                        {"\r\n\r\n", "\n\n"},
                        {"a\rb\rc", "a\nb\nc"},
                        {"a\rb\r\rc\r", "a\nb\n\nc\n"},
                        {"\r", "\n"},
                        {"1,\"a\rb\"\n2,c\r\n", "1,\"a\rb\"\n2,c\n"},
                        {"1,\"a\r\nb\"\r\n", "1,\"a\nb\"\n"},
                        {"a\r\rb\n", "a\r\rb\n"},
                        {"a\u0085b\u2028c", "a\u0085b\u2028c"}}) {
    CAPTURE(c.text);
    std::string text = c.text;
    unify_line_ends(text);
    CHECK(text == c.unified);
  }
}

}  // namespace
}  // namespace elastic::data

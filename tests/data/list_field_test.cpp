#include "data/list_field.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {
namespace list_field_test {

// The entries joined by "|", or "none" if the text is no such list.
std::string entries_of(std::string_view text, const std::string& separator = "[") {
  ListSplitter splitter;
  std::vector<std::string_view> entries{"of an earlier list"};
  if (!splitter.split(text, separator, entries)) {
    return "none";
  }
  std::string joined;
  for (const std::string_view entry : entries) {
    joined += (joined.empty() ? "" : "|") + std::string(entry);
  }
  return joined;
}

TEST_CASE("list field: entries between separators lose blanks, empty ones are left out") {
  CHECK(entries_of("a,b , c", ",") == "a|b|c");
  CHECK(entries_of(",a,,b,", ",") == "a|b");
  CHECK(entries_of("", ",").empty());
  CHECK(entries_of("a::b", "::") == "a|b");
}

TEST_CASE("list field: lists of JSON, Python and numpy") {
  CHECK(entries_of("[]").empty());
  CHECK(entries_of("[ ]").empty());
  CHECK(entries_of("[1]") == "1");
  CHECK(entries_of("(1, 2)") == "1|2");
  CHECK(entries_of("{1, 2}") == "1|2");
  CHECK(entries_of("[1 2\n3\t4]") == "1|2|3|4");
  CHECK(entries_of("['a b', \"c, d\"]") == "a b|c, d");
  CHECK(entries_of("['a' 'b']") == "a|b");
  CHECK(entries_of("[a b, c]") == "a b|c");
  CHECK(entries_of("[1, 2,]") == "1|2");
}

TEST_CASE("list field: backslashes in quotes escape the next character") {
  CHECK(entries_of(R"(["a\"b", 'c\'d', "e\\"])") == R"(a"b|c'd|e\)");
  CHECK(entries_of(R"(["\a\"])") == "none");
}

TEST_CASE("list field: a splitter forgets the list before") {
  ListSplitter splitter;
  std::vector<std::string_view> entries;
  CHECK(splitter.split(R"(['a\'b'])", "[", entries));
  CHECK(splitter.split(R"(['c\'d', 'e\'f'])", "[", entries));
  CHECK(entries == std::vector<std::string_view>{"c'd", "e'f"});
}

TEST_CASE("list field: other texts are no lists") {
  for (const char* text : {"",
                           "[",
                           "]",
                           "1, 2",
                           "[1, 2",
                           "[1, 2)",
                           "{1: 2}",
                           "[[1], [2]]",
                           "[(1, 2)]",
                           "[{1}]",
                           "['a]",
                           "['a' b, c]",
                           "[\"a\"b]"}) {
    CAPTURE(text);
    CHECK(entries_of(text) == "none");
  }
}

}  // namespace list_field_test
}  // namespace elastic::data

#include "data/object_lines.h"

#include <doctest/doctest.h>

namespace elastic::data {
namespace {

// The text after objects_as_lines(), or its problem.
std::string lines(std::string text) {
  const auto found = objects_as_lines(text);
  REQUIRE(found);
  CHECK_FALSE(found->is_lists);
  return found->problem.empty() ? text : "problem: " + found->problem;
}

bool is_lists(std::string text) {
  const std::string before = text;
  const auto found = objects_as_lines(text);
  REQUIRE(found);
  CHECK(text == before);
  return found->is_lists && found->problem.empty();
}

TEST_CASE("objects as lines: other text is not touched") {
  for (const std::string other : {"", " \n", "u,i\n1,2\n", "\"{\"\n"}) {
    std::string text = other;
    CHECK_FALSE(objects_as_lines(text));
    CHECK(text == other);
  }
}

TEST_CASE("objects as lines: an object per line stays as it is") {
  const std::string good = "{\"a\":1}\n";
  for (const std::string& text : {good,
                                  good + good,
                                  "\n  " + good + "\n" + good,
                                  good + "{\"a\":\n" + good,
                                  "{\"a\":\n" + good + good,
                                  std::string("{\"a\":{\"b\":[{}]}}"),
                                  good + "[1]\n" + good}) {
    CHECK(lines(text) == text);
  }
}

TEST_CASE("objects as lines: lists of objects") {
  CHECK(lines("[{\"a\":1},{\"a\":2}]") == "{\"a\":1}\n{\"a\":2}");
  CHECK(lines("[\n{\"a\":1},\n{\"a\":2}\n]\n") == "\n{\"a\":1}\n{\"a\":2}\n\n");
  CHECK(lines("[\n\n  {\"a\": 1}\n\n, {\"a\": [1, {}]}\n]") ==
        "\n\n{\"a\": 1}\n\n{\"a\": [1, {}]}\n");
  CHECK(lines("[{\"a\":1}][{\"a\":2}]\n[{\"a\":3}]") == "{\"a\":1}\n{\"a\":2}\n{\"a\":3}");
  CHECK(lines("{\"a\":1},\n{\"a\":2},\n{\"a\":3},\n") == "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
  CHECK(lines("[{\"a\":\"]}{,\\\"\"},{\"a\":2}]") == "{\"a\":\"]}{,\\\"\"}\n{\"a\":2}");
}

TEST_CASE("objects as lines: objects over several lines keep the number of their first line") {
  CHECK(lines("{\n  \"a\": 1,\n  \"b\": 2\n}\n{\n  \"a\": 3\n}\n") ==
        "{  \"a\": 1,  \"b\": 2}\n\n\n\n{  \"a\": 3}\n\n\n");
  CHECK(lines("[\n {\n \"a\": 1\n }, {\n \"a\":\n2\n}\n]") ==
        "\n{ \"a\": 1 }\n\n{ \"a\":2}\n\n\n\n");
  // Without separator, two values stay two.
  CHECK(lines("{\"a\":\n1\n2}\n{\"a\":3}{\"a\":4}") ==
        "problem: line 1: the object is broken at byte 7");
}

TEST_CASE("objects as lines: objects that share a line") {
  CHECK(lines("{\"a\":1}{\"a\":2}") == "{\"a\":1}\n{\"a\":2}");
  CHECK(lines("{\"a\":1} {\"a\":2}, {\"a\":3}") == "{\"a\":1}\n{\"a\":2}\n{\"a\":3}");
  std::string joined;
  std::string apart;
  for (int i = 0; i < 20000; ++i) {
    joined += "{}";
    apart += i == 0 ? "{}" : "\n{}";
  }
  CHECK(lines(joined) == apart);
}

TEST_CASE("objects as lines: other text gets a line of its own") {
  CHECK(lines("[{\"a\":1}, 5, {\"a\":2} x y\n]") == "{\"a\":1}\n5\n{\"a\":2}\nx\ny\n");
  CHECK(lines("[{\"a\":1},\n{\"a\": \"x,\n \"b\":1},\n{\"a\":2}]") ==
        "{\"a\":1}\n{\"a\": \"x, \"b\":1}\n\n{\"a\":2}");
}

TEST_CASE("objects as lines: a first line that is no object does not hide the others") {
  const std::string objects = "{\"a\": 1}\n{\"a\": 2}\n{\"a\": 3}\n";
  for (const char* first : {"{\"a\":\n", "no object\n", "[1, 2\n", "a,b\n", "\n"}) {
    CAPTURE(first);
    std::string text = first + objects;
    const std::string before = text;
    const std::optional<ObjectText> found = objects_as_lines(text);
    REQUIRE(found);
    CHECK(found->problem.empty());
    CHECK_FALSE(found->is_lists);
    CHECK(text == before);
  }
}

TEST_CASE("objects as lines: Python's dicts are recognised") {
  std::string text = "{'a': u'}'}\n{'a': \"it's\"}\n";
  CHECK(objects_as_lines(text)->syntax == ObjectSyntax::kPython);
  text = "{\"a\": 1}\n{'a': 1}\n";
  CHECK(objects_as_lines(text)->syntax == ObjectSyntax::kPython);
  text = "[{\"a\": 1}, {'a': '}'},\n {'a': None}]";
  CHECK(objects_as_lines(text)->syntax == ObjectSyntax::kPython);
  CHECK(text == "{\"a\": 1}\n{'a': '}'}\n{'a': None}");
  text = "{\"a\": 1}\n{\"a\": 1}\n";
  CHECK(objects_as_lines(text)->syntax == ObjectSyntax::kJson);
}

TEST_CASE("objects as lines: lists of values per line are told apart") {
  CHECK(is_lists("[1,2,3]\n[4]\n"));
  CHECK(is_lists("[\"a\", \"b\"]"));
  CHECK(is_lists("\n[]\n[1]\n[2, 3]\n"));
  CHECK(is_lists("['a', u'b']\n['c']\n"));
  CHECK_FALSE(is_lists("[[1,2],[3]]"));
  CHECK_FALSE(is_lists("[\n1,\n2\n]"));
}

TEST_CASE("objects as lines: text without a readable object is refused, naming the line") {
  CHECK(lines("\n[Movie] Title,5\nx,1\n") ==
        "problem: line 2: expected objects, got '[Movie] Title,5 x,1 '");
  CHECK(lines("{x}\n") == "problem: line 1: the object is broken at byte 1");
  CHECK(lines("\n\n{\"a\":1,\n\"b\":2\n") ==
        "problem: line 3: the object that begins here is not closed");
  CHECK(lines("[\n  \n") == "problem: line 1: expected objects, got '[    '");
  CHECK(lines("[{\"a\":1},\n{\"a\":2}\n") ==
        "problem: line 1: the list of objects is not closed by ']': the file may be cut");
  CHECK(lines("{" + std::string(300000, '[')).starts_with("problem: line 1"));
  CHECK(lines(std::string(300000, '{')).starts_with("problem: line 1"));
}

}  // namespace
}  // namespace elastic::data

#include "cli/serving/body_texts.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/error.h"

using elastic::DataError;
using elastic::cli::BodyForm;
using elastic::cli::split_body;

namespace {

std::vector<std::string> texts(const std::string& body) {
  const auto found = split_body(body).texts;
  return {found.begin(), found.end()};
}

}  // namespace

TEST_CASE("body: a single object may have any number of lines") {
  CHECK(split_body("{\"a\": [1,\n2]}\n").form == BodyForm::kObject);
  CHECK(texts("\n {\"a\":\n {\"b\": \"}{\\\"\"}} \n") ==
        std::vector<std::string>{"{\"a\":\n {\"b\": \"}{\\\"\"}}"});
}

TEST_CASE("body: lines are lines, whole objects or not") {
  CHECK(split_body("{\"a\": 1}\n{\"b\": 2}").form == BodyForm::kLines);
  CHECK(texts("{\"a\": 1}\r\n\n{\"b\": 2}\n") ==
        std::vector<std::string>{"{\"a\": 1}", "", "{\"b\": 2}"});
  CHECK(texts("{\"a\": [1\n{\"b\": 2}") == std::vector<std::string>{"{\"a\": [1", "{\"b\": 2}"});
  CHECK(split_body("{\"a\": [1").form == BodyForm::kObject);
  CHECK(split_body("7").form == BodyForm::kLines);
  CHECK(texts("7") == std::vector<std::string>{"7"});
  CHECK(texts("").empty());
}

TEST_CASE("body: an array is split at its own commas") {
  CHECK(split_body(" []").form == BodyForm::kArray);
  CHECK(texts("[ ]").empty());
  CHECK(texts("[{\"a\": [1, \"],\"]} ,\n 7, \"x,y\"]\n") ==
        std::vector<std::string>{"{\"a\": [1, \"],\"]}", "7", "\"x,y\""});
  CHECK(texts("[,]") == std::vector<std::string>{"", ""});
}

TEST_CASE("body: an array that does not end, or goes on, is refused") {
  for (const char* body : {"[", "[{}", "[{},", "[{\"a]\": 1", "[{} {}]", "[{}]]", "[{}] {}"}) {
    CAPTURE(body);
    CHECK_THROWS_AS(split_body(body), DataError);
  }
}

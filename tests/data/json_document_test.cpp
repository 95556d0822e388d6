#include "data/json_document.h"

#include <doctest/doctest.h>

namespace elastic::data {
namespace {

TEST_CASE("json document: broken or deep text is discarded") {
  CHECK(parse_json("{\"a\": [1, 2]}")["a"][1] == 2);
  for (const char* text : {"", "{", "[1,]", "1e999", "{} x", "\"\xC3\x28\""}) {
    CHECK(parse_json(text).is_discarded());
  }
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK_FALSE(parse_json(nested(kDeepestJson)).is_discarded());
  CHECK(parse_json(nested(300000)).is_discarded());
  std::string objects;
  for (int i = 0; i < 300000; ++i) {
    objects += "{\"a\":";
  }
  CHECK(parse_json(objects).is_discarded());
}

TEST_CASE("json document: text that is not UTF-8 is written with replacements") {
  CHECK(json_text(nlohmann::ordered_json{{"a", "caf\xE9"}}) == "{\"a\":\"caf\xEF\xBF\xBD\"}");
  CHECK(json_text(nlohmann::json::array({1, 2}), 2) == "[\n  1,\n  2\n]");
}

}  // namespace
}  // namespace elastic::data

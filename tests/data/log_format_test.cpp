#include "data/log_format.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace elastic::data::log_format_test {
namespace {

LogFormat table() {
  LogFormat format;
  format.syntax.separator = ",";
  format.num_columns = 2;
  format.columns = {{Role::kUser, 0, "u"}, {Role::kItem, 1, "i", "["}};
  return format;
}

TEST_CASE("log format: its JSON describes the same format") {
  const nlohmann::ordered_json json = to_json(table());
  CHECK(to_json(log_format_from_json(json)) == json);
}

TEST_CASE("log format: counts and positions in JSON are integers from 0") {
  for (const char* text : {"-1", "1e300", "0.5", "\"1\"", "null"}) {
    CAPTURE(text);
    nlohmann::ordered_json count = to_json(table());
    count["num_columns"] = nlohmann::ordered_json::parse(text);
    CHECK_THROWS_WITH_AS(log_format_from_json(count),
                         doctest::Contains("num_columns: expected an integer from 0"),
                         DataError);
    nlohmann::ordered_json position = to_json(table());
    position["columns"][1]["position"] = nlohmann::ordered_json::parse(text);
    CHECK_THROWS_WITH_AS(log_format_from_json(position),
                         doctest::Contains("position: expected an integer from 0"),
                         DataError);
  }
}

}  // namespace
}  // namespace elastic::data::log_format_test

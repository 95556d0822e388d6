#include <doctest/doctest.h>

#include "base/error.h"
#include "data/interactions.h"
#include "data/temporary_file.h"

namespace elastic::data::json_lines_test {
namespace {

Interactions read(std::string_view content, const ReadOptions& options = {}) {
  const TemporaryFile file("log.jsonl", content);
  return read_interactions(file.path(), options);
}

void refuses(std::string_view content, const char* part, const ReadOptions& options = {}) {
  CHECK_THROWS_WITH_AS(read(content, options), doctest::Contains(part), Error);
}

TEST_CASE("JSON lines: keys of published review data are recognised") {
  const Interactions log = read(
      "{\"reviewerID\": \"A, \\u00e9\", \"asin\": \"B1\", \"overall\": 5.0, \"unixReviewTime\": "
      "1400000000,"
      " \"reviewText\": \"fine\"}\n"
      "{\"asin\": 17, \"reviewerID\": \"A, \\u00e9\", \"overall\": 2, \"unixReviewTime\": "
      "1400000001}\n");
  CHECK(log.format.describe() ==
        "JSON objects; user: 'reviewerID'; item: 'asin'; rating: 'overall'; timestamp: "
        "'unixReviewTime', a number");
  REQUIRE(log.events.size() == 2);
  CHECK(log.users.names() == std::vector<std::string>{"A, \xc3\xa9"});
  CHECK(log.items.names() == std::vector<std::string>{"B1", "17"});
  CHECK(log.events[1].rating == 2.0F);
  CHECK(log.events[1].timestamp == 1400000001);
}

TEST_CASE("JSON lines: a user may have a list of items, and times may be dates") {
  const Interactions log =
      read("{\"user\":1,\"history\":[\"a\",2]}\n{\"user\":2,\"history\":[\"a\"]}\n");
  CHECK(log.events.size() == 3);
  const Interactions dated = read("{\"user\":1,\"item\":2,\"date\":\"1970-01-02 00:00:01\"}\n");
  CHECK(dated.events[0].timestamp == 86401);
}

TEST_CASE("JSON lines: bad values are refused, naming line and key") {
  const std::string good = "{\"user\":1,\"item\":2,\"rating\":3}\n";
  refuses(good + "{\"user\":1,\"item\":2}\n", ":2: expected a key \"rating\"");
  refuses(good + "{\"user\":1,\"item\":2,\n", ":2: the object is not closed");
  refuses(good + "[1,2,3]\n", ":2: expected a JSON object");
  refuses(good + "{\"user\":[1],\"item\":2,\"rating\":3}\n",
          "'user' holds lists, so it cannot be the user");
  refuses(good + "{\"user\":1,\"item\":\"\",\"rating\":3}\n", "key \"item\": the item is empty");
  refuses(good + "{\"user\":1,\"item\":[],\"rating\":3}\n", "expected at least one item");
  refuses(good + "{\"user\":1,\"item\":2,\"rating\":null}\n",
          ":2: expected a key \"rating\" with a value");
  refuses(good + "{\"user\":1,\"item\":2,\"rating\":\"x\"}\n",
          "key \"rating\": expected a number as rating, got 'x'");
  refuses("{\"a\":1,\"b\":2}\n",
          "no column is called as users or items are; the columns are a, b; name them, for "
          "example: --user-column a --item-column b");
  refuses(good,
          "--separator: has no effect on objects",
          {.format = FileFormat::kJsonl, .separator = Separator::parse("tab", "--separator")});
  refuses(good,
          "--columns: objects have no positions; write user=KEY,item=KEY",
          {.format = FileFormat::kJsonl, .columns = "user,item"});
  refuses("u i\n", ":1: expected a JSON object", {.format = FileFormat::kJsonl});
  CHECK(read(good + "{\n", {.on_bad_row = BadRows::kSkip, .max_bad_rows = 0.5}).num_bad_rows == 1);
}

TEST_CASE("JSON lines: deep nesting is refused like any other value") {
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  refuses("{\"user\":1,\"item\":2}\n{\"user\":" + deep + ",\"item\":2}\n",
          "key \"user\": lists within lists are not supported");
  refuses("{\"user\":1,\"item\":2}\n{\"user\":1,\"item\":" + deep + "}\n",
          "key \"item\": lists within lists are not supported");
  refuses("{\"user\":1,\"item\":2}\n" + std::string(200000, '[') + "\n", "is not closed");
}

}  // namespace
}  // namespace elastic::data::json_lines_test

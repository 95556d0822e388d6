#include "cli/asking/query.h"

#include <doctest/doctest.h>

namespace elastic::cli {
namespace {

using Ids = std::vector<std::string>;

// A parser of a run that does not know the form of its log.
Query parse_query(const std::string& text, PlainLine plain, std::int64_t line) {
  QueryParser parser(plain);
  const std::optional<Query> query = parser.parse(text, line);
  REQUIRE(query.has_value());
  return *query;
}

TEST_CASE("query: plain lines") {
  for (const PlainLine plain : {PlainLine::kAny, PlainLine::kUser}) {
    CHECK(parse_query(" 42 ", plain, 1).user == "42");
    CHECK(parse_query("Ann Lee", plain, 1).user == "Ann Lee");
  }
  CHECK(parse_query("1 2\t3", PlainLine::kHistory, 1).history == Ids{"1", "2", "3"});
  CHECK(parse_query("Caf\xC3\xA9", PlainLine::kUser, 1).user == "Caf\xC3\xA9");
}

TEST_CASE("query: blank lines are passed over") {
  for (const PlainLine plain : {PlainLine::kAny,
                                PlainLine::kUser,
                                PlainLine::kHistory,
                                PlainLine::kItem,
                                PlainLine::kEvent}) {
    for (const char* line : {"", " \t", "\xC2\xA0"}) {
      CHECK_FALSE(QueryParser(plain).parse(line, 1).has_value());
    }
  }
}

TEST_CASE("query: JSON in either mode, ids as text or numbers") {
  for (const PlainLine plain : {PlainLine::kUser, PlainLine::kHistory}) {
    CHECK(parse_query("{\"user\": \"42\"}", plain, 1).user == "42");
    CHECK(parse_query("{\"user\": 42}", plain, 1).user == "42");
    const Query both = parse_query("{\"user\": \"u\", \"history\": [\"a\", 7]}", plain, 3);
    CHECK(both.user == "u");
    CHECK(both.history == Ids{"a", "7"});
    CHECK(both.line == 3);
    CHECK(both.error.empty());
  }
}

TEST_CASE("query: numbers in JSON are spelled as in a log") {
  CHECK(parse_query("{\"user\": 1.0}", PlainLine::kUser, 1).user == "1");
  CHECK(parse_query("{\"user\": 12345678901234567890123}", PlainLine::kUser, 1).user ==
        "12345678901234567890123");
  CHECK(parse_query("{\"history\": [1e2, 2.0, 1.5]}", PlainLine::kUser, 1).history ==
        Ids{"100", "2", "1.5"});
}

TEST_CASE("query: events of a stream") {
  const Query event = parse_query("{\"user\": 4, \"item\": \"m1\"}", PlainLine::kEvent, 1);
  CHECK(event.user == "4");
  CHECK(event.history == Ids{"m1"});
  CHECK(parse_query(" 4\tm1 ", PlainLine::kEvent, 1).user == "4");
  CHECK(parse_query(" 4\tm1 ", PlainLine::kEvent, 1).history == Ids{"m1"});
  CHECK_FALSE(parse_query("4", PlainLine::kEvent, 1).history.has_value());
  CHECK(parse_query("4 m1 m2", PlainLine::kEvent, 2).error == "expected a user id and an item id");
  CHECK(parse_query("{\"user\": 1, \"candidates\": []}", PlainLine::kEvent, 3).error ==
        "unknown key \"candidates\"");
}

TEST_CASE("query: items and candidates") {
  CHECK(parse_query("{\"item\": 7}", PlainLine::kUser, 1).item == "7");
  CHECK(parse_query(" Toy Story ", PlainLine::kItem, 1).item == "Toy Story");
  CHECK(parse_query("{\"user\": 1}", PlainLine::kItem, 1).user == "1");
  const Query query = parse_query("{\"user\": 1, \"candidates\": [\"a\", 2]}", PlainLine::kUser, 1);
  CHECK(query.user == "1");
  CHECK(query.candidates == Ids{"a", "2"});
  CHECK_FALSE(query.item.has_value());
  CHECK(parse_query("{\"user\": 1, \"item\": 2}", PlainLine::kUser, 4).error ==
        "expected an item without user and history");
  CHECK(parse_query("{\"item\": 1, \"candidates\": 2}", PlainLine::kUser, 4).error ==
        "candidates: expected [id, ...], got 2");
}

TEST_CASE("query: a line that cannot be read has its number and an error") {
  const auto error = [](const std::string& text) {
    const Query query = parse_query(text, PlainLine::kUser, 5);
    CHECK(query.line == 5);
    return query.error;
  };
  CHECK(error("{\"user\": 42").starts_with("the object is not closed"));
  CHECK(error("{\"histroy\": [], \"user\": 1}") ==
        "unknown key \"histroy\"; did you mean history?");
  CHECK(error("{}") == "expected {\"user\": id} or {\"history\": [id, ...]}");
  CHECK(error("{\"history\": 3}") == "history: expected [id, ...], got 3");
  CHECK(error("{\"user\": [3]}") == "user: expected an id (text or a number), got a list");
  CHECK(error("{\"user\": null}") == "expected {\"user\": id} or {\"history\": [id, ...]}");
  CHECK(error("{\"history\": [null]}") == "history: an id is empty");
  CHECK(error(std::string(5000, 'x')) == "the line: an id is longer than 4096 bytes");
  const std::string deep =
      "{\"user\": " + std::string(300000, '[') + std::string(300000, ']') + "}";
  CHECK(!error(deep).empty());
}

}  // namespace
}  // namespace elastic::cli

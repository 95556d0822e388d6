// Lines of `predict` in the form of the run's log.
#include <doctest/doctest.h>

#include <utility>

#include "cli/asking/query.h"

namespace elastic::cli {
namespace {

using data::Layout;
using data::LogFormat;
using data::Role;
using Ids = std::vector<std::string>;

LogFormat table(const std::string& separator, std::vector<data::LogColumn> columns, std::size_t n) {
  LogFormat format;
  format.syntax.separator = separator;
  format.columns = std::move(columns);
  format.num_columns = n;
  return format;
}

// user,time,item,kind with a header, of which purchases are kept
LogFormat clicks() {
  LogFormat format = table(
      ",", {{Role::kUser, 0}, {Role::kTime, 1}, {Role::kItem, 2}, {Role::kKept, 3, "kind"}}, 4);
  format.has_header = true;
  format.skipped_lines = {"user,time,item,kind"};
  format.keep = {data::KeepRule::parse("kind=buy")};
  return format;
}

LogFormat objects() {
  LogFormat format;
  format.layout = Layout::kObjects;
  format.columns = {
      {Role::kUser, 0, "visitorid"}, {Role::kItem, 0, "itemid"}, {Role::kTime, 0, "ts"}};
  return format;
}

// "visitor: items" per line, or the error
struct Event {
  std::string user;
  Ids items;
  bool operator==(const Event&) const = default;
};
Event event(const Query& query) {
  return {query.error.empty() ? query.user.value_or("") : query.error,
          query.history.value_or(Ids{})};
}
Event event(const LogFormat& log, const char* line) {
  QueryParser parser(PlainLine::kEvent, log);
  const auto query = parser.parse(line, 1);
  return query ? event(*query) : Event{"passed", {}};
}
Event question(const LogFormat& log, const char* line) {
  QueryParser parser(PlainLine::kAny, log);
  const auto query = parser.parse(line, 1);
  return query ? event(*query) : Event{"passed", {}};
}

TEST_CASE("lines of the log: events of a table") {
  const LogFormat log = clicks();
  CHECK(event(log, "7,2020-01-01,m1,buy") == Event{"7", {"m1"}});
  CHECK(event(log, "\"Lee, Ann\",no time, m1 ,buy") == Event{"Lee, Ann", {"m1"}});
  CHECK(event(log, "7,2020-01-01,m1,view") == Event{"passed", {}});
  CHECK(event(log, "user,time,item,kind") == Event{"passed", {}});
  CHECK(event(log, "7,2020-01-01 10:00,m1") == Event{"expected 4 fields, got 3", {}});
  CHECK(event(log, "7 m1") == Event{"7", {"m1"}});
  CHECK(event(log, "7") == Event{"7", {}});
  CHECK(event(log, "{\"user\": 7, \"item\": \"m1\"}") == Event{"7", {"m1"}});
}

TEST_CASE("lines of the log: two fields separated by blanks are a row first") {
  const LogFormat item_first = table(" ", {{Role::kItem, 0}, {Role::kUser, 1}}, 2);
  CHECK(event(item_first, "7 3") == Event{"3", {"7"}});
  CHECK(event(item_first, "7") == Event{"7", {}});
  const LogFormat four = table("\t", {{Role::kUser, 0}, {Role::kItem, 1}}, 4);
  CHECK(event(four, "7\t3\t5\t1") == Event{"7", {"3"}});
  CHECK(event(four, "7\t3") == Event{"7", {"3"}});
  CHECK(event(four, "7\t3\t5") == Event{"expected 4 fields, got 3", {}});
  const LogFormat comma = table(",", {{Role::kUser, 0}, {Role::kItem, 1}}, 2);
  CHECK(event(comma, "7,3") == Event{"7", {"3"}});
  CHECK(event(comma, "7 3") == Event{"7", {"3"}});
  CHECK(event(comma, "{\"user\": 7, \"item\": 3}") == Event{"7", {"3"}});
  CHECK(event(comma, "{6F96},3") == Event{"{6F96}", {"3"}});
}

TEST_CASE("lines of the log: lists, sequences and heads") {
  const LogFormat lists = table("\t", {{Role::kUser, 0}, {Role::kItem, 1, "", ","}}, 2);
  CHECK(event(lists, "7\t3,4,5") == Event{"7", {"3", "4", "5"}});
  CHECK(question(lists, "7\t3,4,5") == Event{"7", {"3", "4", "5"}});
  CHECK(question(lists, "7") == Event{"7", {}});
  LogFormat sequences = table(" ", {}, 0);
  sequences.layout = Layout::kSequences;
  CHECK(event(sequences, "7 3 4") == Event{"7", {"3", "4"}});
  CHECK(question(sequences, "7 3 4") == Event{"7", {"3", "4"}});
  LogFormat heads = table(",", {{Role::kItem, 2}, {Role::kUser, 0}}, 2);
  heads.group_heads = true;
  QueryParser parser(PlainLine::kEvent, heads);
  CHECK_FALSE(parser.parse("17:", 1).has_value());
  CHECK(event(*parser.parse("u1,5", 2)) == Event{"u1", {"17"}});
}

TEST_CASE("lines of the log: a log without users") {
  LogFormat histories = table(" ", {}, 0);
  histories.layout = Layout::kHistories;
  CHECK(question(histories, "3 4 5") == Event{"", {"3", "4", "5"}});
  CHECK(question(histories, "3") == Event{"3", {}});
  CHECK(event(histories, "u1 3") == Event{"u1", {"3"}});
  CHECK(event(histories, "3 4 5") == Event{"expected a user id and an item id", {}});
}

TEST_CASE("lines of the log: rows that repeat the history") {
  LogFormat log = table("\t", {{Role::kUser, 0}, {Role::kPrefix, 1, "", " "}, {Role::kItem, 2}}, 3);
  log.prefixes = true;
  QueryParser parser(PlainLine::kEvent, log);
  const auto query = parser.parse("7\t3 4\t5", 1);
  REQUIRE(query.has_value());
  CHECK(event(*query) == Event{"7", {"3", "4", "5"}});
  CHECK(query->repeats_history);
}

TEST_CASE("lines of the log: objects") {
  const LogFormat log = objects();
  CHECK(event(log, "{\"visitorid\": 7.0, \"itemid\": \"m1\", \"ts\": 5, \"x\": 1}") ==
        Event{"7", {"m1"}});
  CHECK(event(log, "{\"visitorid\": 7, \"itemid\": \"m1\"}") == Event{"7", {"m1"}});
  CHECK(event(log, "{\"visitorid\": 7}") == Event{"7", {}});
  CHECK(event(log, "{\"user\": 7, \"item\": \"m1\"}") == Event{"7", {"m1"}});
  CHECK(event(log, "7 m1") == Event{"7", {"m1"}});
  CHECK(event(log, "[{\"visitorid\": 7, \"itemid\": \"m1\"},") == Event{"7", {"m1"}});
  CHECK(event(log, " [ {\"visitorid\": 7, \"itemid\": \"m1\"} ] ") == Event{"7", {"m1"}});
  CHECK(event(log, "{\"visitorid\": 7, \"itemid\": \"m1\"} ,") == Event{"7", {"m1"}});
  CHECK(event(log, "7 m1]") == Event{"7", {"m1]"}});
  CHECK(event(log, "[7 m1") == Event{"[7", {"m1"}});
  for (const char* line : {"[", "]", ","}) {
    CHECK(event(log, line) == Event{"passed", {}});
  }
  CHECK(question(log, "{\"visitorid\": 7, \"ts\": 5}") == Event{"7", {}});
  CHECK(question(log, "{\"visitorid\": 7, \"itemid\": \"m1\"}") == Event{"7", {}});
  CHECK(question(log, "{\"user\": 7, \"itme\": \"m1\"}").user ==
        "unknown key \"itme\"; did you mean item?");
  QueryParser parser(PlainLine::kAny, log);
  CHECK(parser.parse("{\"itemid\": 7}", 1)->item == "7");
}

TEST_CASE("lines of the log: objects in Python's syntax, or JSON's") {
  LogFormat log = objects();
  log.objects = data::ObjectSyntax::kPython;
  CHECK(event(log, "{'visitorid': 7, 'itemid': u'm1', 'x': True}") == Event{"7", {"m1"}});
  CHECK(event(log, "{\"visitorid\": 7, \"itemid\": \"m1\", \"x\": true}") == Event{"7", {"m1"}});
  CHECK(event(log, "{\"user\": 7, \"itme\": \"m1\"}").user ==
        "unknown key \"itme\"; did you mean item?");
  CHECK(event(log, "{'visitorid': }").items.empty());
  CHECK(event(objects(), "{'visitorid': 7, 'itemid': 'm1'}").user != "7");
}

TEST_CASE("lines of the log: objects whose prefix repeats the history") {
  LogFormat log = objects();
  log.columns = {
      {Role::kUser, 0, "who"}, {Role::kItem, 0, "next"}, {Role::kPrefix, 0, "past", "["}};
  log.prefixes = true;
  QueryParser parser(PlainLine::kEvent, log);
  for (const char* line : {"{\"who\": 7, \"past\": [3, 4], \"next\": 5}",
                           "{\"next\": 5, \"past\": [3, 4], \"who\": 7}"}) {
    const auto query = parser.parse(line, 1);
    REQUIRE(query.has_value());
    CHECK(event(*query) == Event{"7", {"3", "4", "5"}});
    CHECK(query->repeats_history);
  }
  CHECK(event(*parser.parse("{\"who\": 7, \"past\": 3, \"next\": 5}", 1)) ==
        Event{"7", {"3", "5"}});
  CHECK(event(*parser.parse("{\"who\": 7, \"past\": [3]}", 1)) == Event{"7", {"3"}});
  CHECK_FALSE(parser.parse("{\"who\": 7, \"history\": [3]}", 1)->repeats_history);
}

TEST_CASE("lines of the log: objects with lists, and candidates") {
  LogFormat log = objects();
  log.columns = {{Role::kUser, 0, "who"}, {Role::kItem, 0, "events.aid", "["}};
  CHECK(event(log, "{\"who\": 7, \"events\": [{\"aid\": 1}, {\"aid\": 2}]}") ==
        Event{"7", {"1", "2"}});
  QueryParser parser(PlainLine::kAny, log);
  const auto query =
      parser.parse("{\"who\": 7, \"events\": [{\"aid\": 1}], \"candidates\": [3]}", 1);
  CHECK(event(*query) == Event{"7", {"1"}});
  CHECK(query->candidates == Ids{"3"});
}

TEST_CASE("lines of the log: an option overrules it") {
  CHECK(QueryParser(PlainLine::kUser, clicks()).parse("7,2020,m1,buy", 1)->user == "7,2020,m1,buy");
  LogFormat quoted = table("|", {{Role::kUser, 0}, {Role::kItem, 1}}, 2);
  CHECK(question(quoted, "\"7\"") == Event{"7", {}});
  CHECK(question(quoted, "\"7\"|\"3\"") == Event{"7", {}});
}

}  // namespace
}  // namespace elastic::cli

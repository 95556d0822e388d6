#include "data/keep_rule.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "data/interactions.h"
#include "data/temporary_file.h"

namespace elastic::data::keep_rule_test {
namespace {

// The values of 1, 2, 10, buy, "" and -0.5 that the rule keeps.
std::string kept(const std::string& condition) {
  const KeepRule rule = KeepRule::parse("column" + condition);
  CHECK(rule.column() == "column");
  CHECK(KeepRule::parse(rule.text()) == rule);
  std::string values;
  for (const char* value : {"1", "2", "10", "buy", "", "-0.5"}) {
    values += rule.keeps(value) ? concat("[", value, "]") : std::string();
  }
  return values;
}

TEST_CASE("keep: every operator") {
  CHECK(kept("=buy") == "[buy]");
  CHECK(kept("=buy,2, 10") == "[2][10][buy]");
  CHECK(kept("=") == "[]");
  CHECK(kept("!=buy") == "[1][2][10][][-0.5]");
  CHECK(kept("!=buy,1") == "[2][10][][-0.5]");
  CHECK(kept("!=") == "[1][2][10][buy][-0.5]");
  CHECK(kept("<2") == "[1][-0.5]");
  CHECK(kept("<=2") == "[1][2][-0.5]");
  CHECK(kept(">2") == "[10]");
  CHECK(kept(">=2") == "[2][10]");
  CHECK(kept(" >= 2e0") == "[2][10]");
  CHECK(kept("=1.0") == "");  // values among others are compared as texts
}

TEST_CASE("keep: what is no condition is refused, with the operators") {
  for (const char* text : {"", "behavior", "=buy", "!buy", "a!b"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(KeepRule::parse(text), doctest::Contains("--keep: expected"), UsageError);
  }
  CHECK_THROWS_WITH_AS(
      KeepRule::parse("a>=5,6"), doctest::Contains("a number after '>='"), UsageError);
  CHECK_THROWS_WITH_AS(KeepRule::parse("a<b"), doctest::Contains("a number after '<'"), UsageError);
}

Interactions read(std::string_view content, std::vector<std::string> keep) {
  const TemporaryFile file("log.txt", content);
  ReadOptions options;
  options.keep = std::move(keep);
  return read_interactions(file.path(), options);
}

constexpr const char* kLog =
    "user,item,kind,seconds\nu,a,view,3\nu,b,buy,40\nv,c,cart,50\nv,d,buy,60\nv,e,,70\n";

TEST_CASE("keep: several conditions all hold, by name or number, and their columns keep no role") {
  CHECK(read(kLog, {"kind=buy"}).items.names() == std::vector<std::string>{"b", "d"});
  CHECK(read(kLog, {"3=buy,cart", "seconds>=50"}).items.names() ==
        std::vector<std::string>{"c", "d"});
  CHECK(read(kLog, {"kind!=view"}).items.names() == std::vector<std::string>{"b", "c", "d", "e"});
  CHECK(read(kLog, {"item!=a"}).items.names() == std::vector<std::string>{"b", "c", "d", "e"});
  const Interactions log = read(kLog, {"kind=buy", "user=v"});
  CHECK(log.num_rows == 5);
  CHECK(log.num_bad_rows == 0);
  CHECK(log.format.describe().find("; keep kind=buy; keep user=v") != std::string::npos);
}

TEST_CASE("keep: a row that is left out may lack its other values") {
  CHECK(read("user,item,kind\nu,a,buy\n,b,view\nu,c,buy\n", {"kind=buy"}).events.size() == 2);
}

TEST_CASE("keep: a condition on no column, or that no row meets, is refused") {
  CHECK_THROWS_WITH_AS(
      read(kLog, {"kinds=buy"}),
      doctest::Contains("has no column 'kinds'; the columns are user, item, kind, seconds"),
      UsageError);
  CHECK_THROWS_WITH_AS(
      read(kLog, {"kind=sell"}), doctest::Contains("--keep leaves none of the 5 rows"), DataError);
}

TEST_CASE("keep: keys of objects, and of lists of objects") {
  CHECK(read("{\"user\":1,\"item\":2,\"kind\":\"buy\"}\n{\"user\":1,\"item\":3}\n", {"kind=buy"})
            .items.names() == std::vector<std::string>{"2"});
  CHECK(read("{\"session\":1,\"events\":[{\"aid\":7,\"type\":\"clicks\"},{\"aid\":8,\"type\":"
             "\"orders\"},{\"aid\":9,\"type\":\"orders\"}]}\n",
             {"events.type=orders"})
            .items.names() == std::vector<std::string>{"8", "9"});
}

}  // namespace
}  // namespace elastic::data::keep_rule_test

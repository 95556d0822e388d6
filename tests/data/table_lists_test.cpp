#include "data/table_lists.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {
namespace table_lists_test {

using Values = std::vector<std::string_view>;

// The list of the second column of two or three.
std::string list_of(const std::string& name,
                    const Values& values,
                    const char* separator = ",",
                    bool third = true) {
  Values users;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < values.size(); ++i) {
    texts.push_back("u" + std::to_string(i));
  }
  users.assign(texts.begin(), texts.end());
  std::vector<ColumnSample> columns{{"user", users}, {name, values}};
  if (third) {
    columns.push_back({"other", users});
  }
  return find_lists(columns, {separator})[1];
}

TEST_CASE("table lists: brackets hold lists if several entries or the name say so") {
  CHECK(list_of("x", {"[1, 2]", "[3]"}) == "[");
  CHECK(list_of("x", {"[1]", "[3]"}).empty());
  CHECK(list_of("items", {"[1]", "[3]"}) == "[");
  CHECK(list_of("x", {"[1 2]", "[3]"}) == "[");
  CHECK(list_of("x", {"[26/Oct/2008 +0000]", "[27/Oct/2008 +0000]"}).empty());
  CHECK(list_of("items", {"[a b]", "[c d]"}) == "[");
  CHECK(list_of("x", {"[1, 2]", "3"}).empty());
  CHECK(list_of("x", {"[1, 2]", "[[3], 4]"}) == "[");
  CHECK(list_of("item", {}).empty());
  Values values(20, "[1, 2]");
  values[0] = "none";
  CHECK(list_of("x", values) == "[");
  values[1] = "none";
  CHECK(list_of("x", values).empty());
}

TEST_CASE("table lists: named lists have the separator of half of their values") {
  CHECK(list_of("items", {"a b", "c"}) == " ");
  CHECK(list_of("items", {"a;b", "c"}) == ";");
  CHECK(list_of("items", {"a|b", "c|d"}) == "|");
  CHECK(list_of("items", {"a,b", "c,d"}, ";") == ",");
  CHECK(list_of("items", {"a,b", "c,d"}, ",").empty());
  CHECK(list_of("items", {"a b", "c", "d"}).empty());
  CHECK(list_of("item_id:token_seq", {"a", "b"}) == " ");
  CHECK(list_of("items", {"a", "b"}).empty());
}

TEST_CASE("table lists: the second of two columns holds histories of ids") {
  const auto history_of = [](const Values& values) {
    return list_of("", values, ",", /*third=*/false);
  };
  CHECK(history_of({"1 2", "3 4"}) == " ");
  CHECK(history_of({"1 2"}).empty());
  CHECK(history_of({"a title", "a 2nd title"}).empty());
  CHECK(history_of({"1", "3"}).empty());
  CHECK(history_of({"1 2", "1 2"}).empty());
  CHECK(find_lists({{"", {"u", "u"}}, {"", {"1 2", "3 4"}}}, {","})[1].empty());
  CHECK(find_lists({{"", {"u", "v"}}, {"", {"1 2", "3 4"}}, {"", {"5", "6"}}}, {","})[1].empty());
  CHECK(find_lists({{"", {"1 2", "3 4"}}, {"", {"u", "v"}}}, {","})[0].empty());
}

TEST_CASE("table lists: texts of recurring entries are likely lists") {
  CHECK(likely_list({"1 2", "2 3", "3 1", "1 2 3", "2 1"}) == " ");
  CHECK(likely_list({"1,2", "2,3", "3,1", "1,2,3", "2,1"}) == ",");
  CHECK(likely_list({"1 2", "2 3", "3 1", "1 2 3"}).empty());
  CHECK(likely_list({"1 2", "3 4", "5 6", "7 8", "9 10"}).empty());
  CHECK(likely_list({"a b", "b c", "c a", "a b c", "b a"}).empty());
  CHECK(likely_list({"1 2", "2 1", "3", "1", "2"}).empty());
}

TEST_CASE("table lists: another column may hold the entries of lists") {
  const ColumnSample lists{"", {"1,2", "2,3"}};
  CHECK(hold_entries(lists, ",", {"", {"1", "2", "3"}}));
  CHECK(hold_entries(lists, ",", {"", {"1", "2", "9"}}));
  CHECK(!hold_entries(lists, ",", {"", {"1", "2"}}));
  CHECK(!hold_entries(lists, ",", {"", {"1", "2", "8", "9"}}));
}

TEST_CASE("table lists: prefixes continue the earlier list of their user") {
  const auto prefixes = [](const Values& users, const Values& lists) {
    return are_prefixes({"", users}, {"", lists}, ",");
  };
  CHECK(prefixes({"u", "u", "u"}, {"1", "1,2", "1,2,3"}));
  CHECK(prefixes({"u", "u", "u"}, {"1,2,3", "1", "1,2,3,4"}));
  CHECK(prefixes({"u", "v"}, {"1", "2"}));
  CHECK(!prefixes({"u", "u"}, {"1", "2"}));
  CHECK(!prefixes({"u", "u", "u"}, {"1,2", "1", "1,3"}));
  CHECK(prefixes({"u"}, {"1", "2"}));
}

}  // namespace table_lists_test
}  // namespace elastic::data

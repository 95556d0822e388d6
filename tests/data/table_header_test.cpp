#include "data/table_header.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {
namespace table_header_test {

using Rows = std::vector<std::vector<std::string_view>>;

bool named(const Rows& rows) {
  return has_header(rows, AskedColumns{});
}

TEST_CASE("table header: a known name, or a text above numbers or times") {
  CHECK(named({{"user", "item"}}));
  CHECK(named({{"alpha", "beta"}, {"x", "1"}, {"y", "2"}}));
  CHECK(named({{"alpha", "beta"}, {"x", "2021-01-01"}, {"y", "2021-01-02"}}));
  CHECK(!named({{"alpha", "beta"}}));
  CHECK(!named({{"alpha", "beta"}, {"x", "1"}, {"y", "z"}}));
  CHECK(!named({{"alpha", "beta"}, {"x", "1"}, {"y"}}));
  CHECK(!named({{"alpha", "3"}, {"x", "1"}, {"y", "2"}}));
  CHECK(!named({{"2020-01-01", "beta"}, {"x", "1"}, {"y", "2"}}));
  AskedColumns asked;
  asked.user = "alpha";
  CHECK(has_header({{"alpha", "beta"}, {"x", "y"}}, asked));
}

TEST_CASE("table header: a value of the form of those below it is no name") {
  CHECK(!named({{"user_1", "item"}, {"user_2", "x"}}));
  CHECK(!named({{"user_000009", "item"}, {"user_12", "x"}, {"z", "x"}, {"a_3", "x"}}));
  CHECK(named({{"user_1", "item"}, {"user_2", "x"}, {"z", "x"}}));
  CHECK(named({{"user_1", "item"}}));
  CHECK(named({{"user_1", "item"}, {"x", "y"}, {}}));
  CHECK(named({{"user__1", "item"}, {"user_2", "x"}}));
  CHECK(named({{"user", "item"}, {"user", "item"}}));  // without digits
  CHECK(!named({{"Z\xc3\xa9-1", "item"}, {"a-7", "x"}}));
}

TEST_CASE("table header: names are short and without braces") {
  const std::string longest(100, 'x');
  const std::string longer(101, 'x');
  CHECK(named({{"user", longest}}));
  CHECK(!named({{"user", longer}}));
  CHECK(!named({{"user", "{item}"}}));
}

TEST_CASE("table header: pandas numbers columns above an index, or above times") {
  CHECK(numbers_columns({{"", "0", "1"}, {"0", "a", "b"}, {"1", "c", "d"}}));
  CHECK(numbers_columns({{"0", "1"}, {"a", "2021-01-01"}, {"b", "2021-01-02"}}));
  CHECK(!numbers_columns({{"0", "1"}, {"a", "b"}, {"c", "d"}}));
  CHECK(!numbers_columns({{"", "0", "1"}, {"0", "a", "b"}}));
  CHECK(!numbers_columns({{"", "0"}, {"0", "a"}, {"1", "b"}}));
  CHECK(!numbers_columns({{"0"}, {"2021-01-01"}, {"2021-01-02"}}));
  CHECK(!numbers_columns({{"", "0", "2"}, {"0", "a", "b"}, {"1", "c", "d"}}));
  CHECK(!numbers_columns({{"1", "2"}, {"a", "2021-01-01"}, {"b", "2021-01-02"}}));
  CHECK(!numbers_columns({{}, {"a"}, {"b"}}));
  CHECK(numbers_columns({{"0", "1"}, {"a", "2021-01-01"}, {"b"}}));
}

}  // namespace table_header_test
}  // namespace elastic::data

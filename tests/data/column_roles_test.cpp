#include "data/column_roles.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace elastic::data {
namespace column_roles_test {

using Values = std::vector<std::string_view>;

constexpr int kRows = 60;

// A column of the texts that `text` returns for the numbers of the rows.
ColumnSample column(const std::string& name,
                    const std::function<std::string(int)>& text,
                    int rows = kRows) {
  static std::deque<std::string> texts;
  ColumnSample sample{name, {}};
  for (int row = 0; row < rows; ++row) {
    sample.values.push_back(texts.emplace_back(text(row)));
  }
  return sample;
}

// Ids of which `distinct` differ.
ColumnSample ids(const std::string& name, int distinct, int rows = kRows) {
  return column(
      name, [&](int row) { return "i" + std::to_string(row % distinct); }, rows);
}

// Ids of groups of `size` consecutive ids of `ids(name, distinct)`.
ColumnSample groups(const std::string& name, int distinct, int size) {
  return column(name, [&](int row) { return "g" + std::to_string(row % distinct / size); });
}

ColumnSample constant(const std::string& name, int rows = kRows) {
  return column(
      name, [](int) { return std::string("same"); }, rows);
}

// Numbers from 0.
ColumnSample counting(const std::string& name, int rows = kRows) {
  return column(
      name, [](int row) { return std::to_string(row); }, rows);
}

// Halves of stars from 0.5; up to 5.0 if ten are distinct.
ColumnSample stars(const std::string& name, int distinct = 10, int rows = kRows) {
  return column(
      name,
      [&](int row) {
        const int halves = 1 + row % distinct;
        return std::to_string(halves / 2) + (halves % 2 == 0 ? ".0" : ".5");
      },
      rows);
}

ColumnSample dates(const std::string& name) {
  return column(name, [](int row) { return "2021-03-" + std::to_string(10 + row % 20); });
}

ColumnSample moments(const std::string& name, int step = 1000) {
  return column(name, [&](int row) { return std::to_string(1'600'000'000 + step * row); });
}

ColumnSample clocks(const std::string& name) {
  return column(name, [](int row) { return "10:" + std::to_string(10 + row % 40); });
}

// The first `count` values are empty.
ColumnSample emptied(ColumnSample sample, std::size_t count) {
  std::fill_n(sample.values.begin(), count, std::string_view());
  return sample;
}

ColumnSample as_list(ColumnSample sample) {
  sample.is_list = true;
  return sample;
}

// "user item rating time time_of_day" by number from 1, "-" for none, then the notes; or the
// message of a refusal.
std::string roles(const std::vector<ColumnSample>& columns, const ReadOptions& options = {}) {
  const auto number = [](std::optional<std::size_t> at) {
    return at ? std::to_string(*at + 1) : std::string("-");
  };
  try {
    const ColumnRoles found = choose_roles(columns, options, "log");
    std::string text = number(found.user) + " " + std::to_string(found.item + 1) + " " +
                       number(found.rating) + " " + number(found.time) + " " +
                       number(found.time_of_day);
    for (const std::string& note : found.notes) {
      text += "; " + note;
    }
    return text;
  } catch (const Error& error) {
    return error.what();
  }
}

ReadOptions without_user() {
  ReadOptions options;
  options.user_column = "-";
  return options;
}

TEST_CASE("column roles: the surest names that hold values") {
  CHECK(roles({ids("user", 20), ids("item", 30)}) == "1 2 - - -");
  CHECK(roles({ids("customer_name", 20), ids("user_id", 20), ids("item", 30)}) == "2 3 - - -");
  CHECK(roles({emptied(ids("user_id", 20), 31), ids("customer", 20), ids("item", 30)}) ==
        "2 3 - - -; 'user_id' (column 1) is passed over: it looks like a user");
  CHECK(roles({emptied(ids("user_id", 20), 30), ids("customer", 20), ids("item", 30)}) ==
        "1 3 - - -; 'customer' (column 2) is passed over: it looks like a user");
  CHECK(roles({constant("user_id"), ids("customer", 20), ids("item", 30)}) ==
        "2 3 - - -; 'user_id' (column 1) is passed over: it looks like a user");
  CHECK(roles({constant("user_id", 9), ids("customer", 5, 9), ids("item", 3, 9)}) ==
        "1 3 - - -; 'customer' (column 2) is passed over: it looks like a user");
  CHECK(roles({constant("user_id", 10), ids("customer", 5, 10), ids("item", 3, 10)}) ==
        "2 3 - - -; 'user_id' (column 1) is passed over: it looks like a user");
  CHECK(roles({emptied(ids("user_id", 20), 60), ids("customer", 20), ids("item", 30)}) ==
        "2 3 - - -; 'user_id' (column 1) is passed over: it looks like a user");
  CHECK(roles({emptied(ids("user_id", 20), 60), ids("item", 30)}) ==
        "data: log: no column is called as users are; the columns are user_id, item; name it, for "
        "example: --user-column NAME");
}

TEST_CASE("column roles: the only other column that may hold ids is taken, with a note") {
  CHECK(roles({ids("user", 20), ids("x", 30)}) ==
        "1 2 - - -; 'x' (column 2) is taken for the items: no other column fits");
  CHECK(roles({ids("x", 20), ids("item", 30)}) ==
        "1 2 - - -; 'x' (column 1) is taken for the users: no other column fits");
  CHECK(roles({ids("user", 20), ids("x", 30), ids("y", 30)}) ==
        "data: log: no column is called as items are; the columns are user, x, y; name it, for "
        "example: --item-column x");
  CHECK(roles({ids("user", 20), ids("x", 30), stars("quantity")}) ==
        "1 2 - - -; 'x' (column 2) is taken for the items: no other column fits");
  CHECK(roles({ids("user", 20), ids("x", 30), ids("quantity", 30)}) ==
        "data: log: no column is called as items are; the columns are user, x, quantity; name it, "
        "for example: --item-column x");
  CHECK(roles({ids("user", 20), ids("x", 30), stars("y", 7)}) ==
        "1 2 - - -; 'x' (column 2) is taken for the items: no other column fits");
  CHECK(roles({ids("user", 20), ids("city", 30)}) ==
        "data: log: no column is called as items are; the columns are user, city; name it, for "
        "example: --item-column city");
  CHECK(roles({ids("user", 20), emptied(ids("x", 30), 1)}) ==
        "data: log: no column is called as items are; the columns are user, x; name it, for "
        "example: --item-column x");
  CHECK(roles({ids("user", 20), dates("x")}) ==
        "data: log: no column is called as items are; the columns are user, x; name it, for "
        "example: --item-column NAME");
  CHECK(roles({ids("user", 20), counting("x")}) ==
        "data: log: no column is called as items are; the columns are user, x; name it, for "
        "example: --item-column x");
  CHECK(roles({ids("user", 20), constant("x")}) ==
        "data: log: no column is called as items are; the columns are user, x; name it, for "
        "example: --item-column x");
  CHECK(roles({ids("user", 20), column("x", [](int row) { return std::to_string(row) + ".5"; })}) ==
        "data: log: no column is called as items are; the columns are user, x; name it, for "
        "example: --item-column NAME");
  CHECK(roles({ids("user", 20), ids("x", 30), stars("rating"), dates("date")}) ==
        "1 2 3 4 -; 'x' (column 2) is taken for the items: no other column fits");
  CHECK(roles({ids("x", 20), ids("y", 30)}) ==
        "data: log: no column is called as users or items are; the columns are x, y; name them, "
        "for example: --user-column x --item-column y");
  CHECK(roles({ids("x", 30), stars("rating")}, without_user()) ==
        "- 1 2 - -; 'x' (column 1) is taken for the items: no other column fits");
  CHECK(roles({ids("x", 30), ids("y", 20)}, without_user()) ==
        "data: log: no column is called as items are; the columns are x, y; name it, for example: "
        "--item-column x");
}

TEST_CASE("column roles: of equally sure items the finer one") {
  CHECK(roles({ids("user", 20), groups("movie_id", 30, 3), ids("book_id", 30)}) ==
        "1 3 - - -; 'movie_id' (column 2) is passed over: it looks like an item");
  CHECK(roles({ids("user", 20), ids("movie_id", 30), groups("book_id", 30, 3)}) ==
        "1 2 - - -; 'book_id' (column 3) is passed over: it looks like an item");
  CHECK(roles({ids("user", 20), groups("movie", 30, 3), ids("book_id", 30)}) ==
        "1 3 - - -; 'movie' (column 2) is passed over: it looks like an item");
  CHECK(roles({ids("user", 20), ids("movie_id", 30), ids("book_id", 30)}) ==
        "1 2 - - -; 'book_id' (column 3) is passed over: it looks like an item");
  CHECK(roles({ids("user", 20), groups("movie_id", 30, 3), as_list(ids("book_id", 30))}) ==
        "1 2 - - -; 'book_id' (column 3) is passed over: it looks like an item");
  CHECK(roles({ids("user", 20), as_list(groups("movie_id", 30, 3)), ids("book_id", 30)}) ==
        "1 2 - - -; 'book_id' (column 3) is passed over: it looks like an item");
  CHECK(roles({ids("user", 20), constant("movie_id"), ids("book_id", 30)}) ==
        "1 3 - - -; 'movie_id' (column 2) is passed over: it looks like an item");
}

TEST_CASE("column roles: lists of items need no user") {
  CHECK(roles({as_list(ids("items", 30))}) == "- 1 - - -");
  CHECK(roles({as_list(ids("items", 30)), ids("x", 20)}) ==
        "2 1 - - -; 'x' (column 2) is taken for the users: no other column fits");
  CHECK(roles({as_list(ids("items", 30)), ids("x", 20), ids("y", 20)}) == "- 1 - - -");
  CHECK(roles({ids("items", 30), ids("x", 20), ids("y", 20)}) ==
        "data: log: no column is called as users are; the columns are items, x, y; name it, for "
        "example: --user-column x");
}

TEST_CASE("column roles: a refusal proposes the columns that fit best") {
  CHECK(
      roles(
          {counting("n"), constant("c"), emptied(ids("x", 20), 1), ids("city", 20), ids("y", 9)}) ==
      "data: log: no column is called as users or items are; the columns are n, c, x, city, y; "
      "name them, for example: --user-column y --item-column city");
  CHECK(roles({ids("rank", 60), ids("x", 60), ids("z", 20), ids("y", 9)}) ==
        "data: log: no column is called as users or items are; the columns are rank, x, z, y; name "
        "them, for example: --user-column z --item-column y");
  CHECK(roles({dates("x"), stars("y", 9), moments("t")}) ==
        "data: log: no column is called as users or items are; the columns are x, y, t; name them, "
        "for example: --user-column NAME --item-column NAME");
  CHECK(roles({ids("user", 20), ids("a", 20), ids("b", 20), dates("c")}) ==
        "data: log: no column is called as items are; the columns are user, a, b, c; name it, for "
        "example: --item-column a");
  CHECK(roles({ids("item", 20), ids("a", 20), ids("b", 20), emptied(ids("c", 20), 60)}) ==
        "data: log: no column is called as users are; the columns are item, a, b, c; name it, for "
        "example: --user-column a");
}

TEST_CASE("column roles: options name columns, or say that there is none") {
  ReadOptions options;
  options.user_column = "b";
  options.item_column = "a";
  CHECK(roles({ids("a", 20), ids("b", 20)}, options) == "2 1 - - -");
  options.time_column = "day+clock";
  CHECK(roles({ids("a", 20), ids("b", 20), dates("day"), clocks("clock")}, options) == "2 1 - 3 4");
  CHECK(roles({ids("a", 20), ids("b", 20), dates("day+clock"), clocks("clock")}, options) ==
        "2 1 - 3 -; 'clock' (column 4) is passed over: it looks like a time");
  CHECK(roles({ids("a", 20), ids("b", 20), dates("day")}, options) ==
        "--time-column: log has no column 'clock'; the columns are a, b, day");
  CHECK(roles({ids("a", 20), ids("b", 20), dates("day"), dates("clock")}, options) ==
        "data: log: 'clock' (column 4): expected times of day such as 21:58:13");
  options.time_column = "-";
  options.rating_column = "-";
  CHECK(roles({ids("a", 20), ids("b", 20), dates("date"), stars("rating")}, options) ==
        "2 1 - - -; 'date' (column 3) is passed over: it looks like a time");
  CHECK(roles({ids("", 20), ids("", 30), stars("")}, options) ==
        "--user-column: log has no column 'b'; the columns are 1, 2, 3");
  options = {};
  options.columns = "user,item,-";
  CHECK(roles({ids("a", 20), ids("b", 30)}, options) ==
        "--columns: log has 2 columns, got names of 3: 'user,item,-'; write - for a column to "
        "ignore, or name columns as user=2,item=5");
  CHECK(roles({ids("a", 20), ids("b", 30), stars("c")}, options) == "1 2 - - -");
}

TEST_CASE("column roles: without names, the first columns that may hold ids") {
  CHECK(roles({ids("", 20), ids("", 30)}) == "1 2 - - -");
  CHECK(roles({ids("", 30)}) == "- 1 - - -");
  CHECK(roles({ids("", 30)}, without_user()) == "- 1 - - -");
  CHECK(roles({constant(""), ids("", 20), ids("", 30)}) == "2 3 - - -");
  CHECK(roles({constant(""), ids("", 20)}) ==
        "data: log: found no column of items among the 2; name the columns by number, for example: "
        "--user-column 1 --item-column 2");
  CHECK(roles({counting(""), ids("", 20), ids("", 30)}) == "2 3 - - -");
  CHECK(roles({counting(""), ids("", 20)}) == "1 2 - - -");
  CHECK(roles({dates(""), ids("", 20), ids("", 30)}) == "2 3 - 1 -");
  CHECK(roles({emptied(ids("", 20), 60), ids("", 20), ids("", 30)}) == "2 3 - - -");
  CHECK(roles({ids("", 20), dates("")}) ==
        "data: log: found no column of items among the 2; name the columns by number, for example: "
        "--user-column 1 --item-column 2");
  CHECK(roles({dates(""), ids("", 20)}) ==
        "data: log: found no column of items among the 2; name the columns by number, for example: "
        "--user-column 1 --item-column 2");
  ReadOptions options;
  options.user_column = "2";
  CHECK(roles({ids("", 20), ids("", 30)}, options) == "2 1 - - -");
  options = {};
  options.item_column = "1";
  CHECK(roles({ids("", 20), ids("", 30)}, options) == "2 1 - - -");
}

TEST_CASE("column roles: without names, few values before many ids are refused") {
  CHECK(roles({ids("", 11), ids("", 23), ids("", 23)}) ==
        "data: log: column 1 has few values, so it may be another thing than the users: choose by "
        "--user-column 1, or for example --user-column 2 --item-column 3");
  CHECK(roles({ids("", 11), ids("", 22), ids("", 23)}) == "1 2 - - -");
  CHECK(roles({ids("", 12), ids("", 29), ids("", 31)}) == "1 2 - - -");
  CHECK(roles({ids("", 11), ids("", 60), ids("", 23)}) == "1 2 - - -");
  CHECK(roles({ids("", 11, 49), ids("", 23, 49), ids("", 23, 49)}) == "1 2 - - -");
  CHECK(roles({ids("", 11, 50), ids("", 23, 50), ids("", 23, 50)}) ==
        "data: log: column 1 has few values, so it may be another thing than the users: choose by "
        "--user-column 1, or for example --user-column 2 --item-column 3");
}

TEST_CASE("column roles: without names, stars before the items are passed over") {
  CHECK(roles({ids("", 20), stars(""), ids("", 34)}) == "1 3 - - -");
  CHECK(roles({ids("", 20), stars(""), ids("", 33)}) == "1 3 - - -");
  CHECK(roles({ids("", 20), stars(""), ids("", 60)}) == "1 3 - - -");
  CHECK(roles({ids("", 20), stars("", 11), ids("", 34)}) == "1 3 - - -");
  CHECK(roles({ids("", 20), stars("", 12), ids("", 34)}) == "1 3 - - -");
  CHECK(roles({ids("", 20),
               column("", [](int row) { return std::to_string(row % 11); }),
               ids("", 34)}) == "1 3 - - -");
  CHECK(roles({ids("", 20),
               column("", [](int row) { return std::to_string(row % 11 + 1); }),
               ids("", 34)}) ==
        "data: log: several columns may be the items, and column 2 seems to be a group or a kind: "
        "choose by --user-column 1 --item-column 2 or --item-column 3");
  CHECK(roles({ids("", 20), stars(""), dates(""), ids("", 34)}) == "1 4 - 3 -");
}

TEST_CASE("column roles: without names, whole stars are passed over before many recurring ids") {
  const auto whole = [](int distinct) {
    return column("", [&](int row) { return std::to_string(row % distinct); });
  };
  const std::string refusal =
      "data: log: several columns may be the items, and column 2 seems to be a group or a kind: "
      "choose by --user-column 1 --item-column 2 or --item-column 3";
  CHECK(roles({ids("", 20), whole(11), ids("", 34)}) == "1 3 - - -");
  CHECK(roles({ids("", 20), whole(11), ids("", 33)}) == refusal);
  CHECK(roles({ids("", 20), whole(11), ids("", 60)}) == "1 2 - - -");
  CHECK(roles({ids("", 20), whole(12), ids("", 34)}) == "1 2 - - -");
}

TEST_CASE("column roles: without names, a group before its items is refused") {
  CHECK(roles({ids("", 7), groups("", 30, 2), ids("", 30)}) ==
        "data: log: column 1 has few values, so it may be another thing than the users: choose by "
        "--user-column 1, or for example --user-column 2 --item-column 3");
  CHECK(roles({ids("", 20), ids("", 30), groups("", 30, 2)}) == "1 2 - - -");
  CHECK(roles({ids("", 20), groups("", 30, 2), ids("", 30), ids("", 30)}) ==
        "data: log: several columns may be the items, and column 2 seems to be a group or a kind: "
        "choose by --user-column 1 --item-column 2 or --item-column 3 or --item-column 4");
  CHECK(roles({ids("", 13), ids("", 11), ids("", 23)}) ==
        "data: log: several columns may be the items, and column 2 seems to be a group or a kind: "
        "choose by --user-column 1 --item-column 2 or --item-column 3");
  CHECK(roles({ids("", 13), ids("", 11), ids("", 22)}) ==
        "data: log: several columns may be the items, and column 2 seems to be a group or a kind: "
        "choose by --user-column 1 --item-column 2 or --item-column 3");
  ReadOptions options;
  options.item_column = "2";
  CHECK(roles({ids("", 20), groups("", 30, 2), ids("", 30)}, options) == "1 2 - - -");
}

TEST_CASE("column roles: ids of Amazon's items before its users") {
  const auto asins = [](const std::string& name, const std::string& start) {
    return column(name, [&](int row) { return start + std::to_string(10 + row % 30); });
  };
  const auto reviewers = [](const std::string& start) {
    return column("", [&](int row) { return start + std::to_string(10 + row % 20); });
  };
  CHECK(roles({asins("", "B00000XY"), reviewers("A1X3ZZ9Q")}) ==
        "2 1 - - -; the items are in the column before the users, as their ids are Amazon's");
  CHECK(roles({asins("", "01234567"), reviewers("A1X3ZZ9Q")}) ==
        "2 1 - - -; the items are in the column before the users, as their ids are Amazon's");
  CHECK(roles({asins("", "B00000XYZ"), reviewers("A1X3ZZ9Q")}) == "1 2 - - -");
  CHECK(roles({asins("", "C00000XY"), reviewers("A1X3ZZ9Q")}) == "1 2 - - -");
  CHECK(roles({asins("", "B00000XY"), reviewers("A1X3zz9Q")}) == "1 2 - - -");
  CHECK(roles({asins("", "B00000XY"), reviewers("A1X3Z9Q")}) == "1 2 - - -");
  CHECK(roles({asins("", "B00000XY"), reviewers("B1X3ZZ9Q")}) == "1 2 - - -");
  ReadOptions options;
  options.user_column = "1";
  CHECK(roles({asins("", "B00000XY"), reviewers("A1X3ZZ9Q")}, options) == "1 2 - - -");
}

TEST_CASE("column roles: a user or an item that is a time of day is refused, a date is not") {
  const auto times =
      column("user", [](int row) { return "2021-03-01T10:" + std::to_string(10 + row % 20); });
  CHECK(roles({times, ids("item", 30)}) ==
        "data: log: the column of users, 'user' (column 1), holds times such as "
        "'2021-03-01T10:10'; name the right one with --user-column");
  CHECK(roles({as_list(times), ids("item", 30)}) == "1 2 - - -");
  CHECK(roles({dates("user"), ids("item", 30)}) == "1 2 - - -");
}

TEST_CASE("column roles: ratings by name, or small numbers after two ids") {
  CHECK(roles({ids("user", 20), ids("item", 30), stars("rating")}) == "1 2 3 - -");
  CHECK(roles({ids("user", 20), ids("item", 30), ids("rating", 5)}) == "1 2 - - -");
  CHECK(roles({ids("user", 20), ids("item", 30), moments("score")}) == "1 2 - - -");
  CHECK(roles({ids("user", 20), ids("item", 30), stars("x")}) == "1 2 - - -");
  CHECK(roles({ids("", 20), ids("", 30), stars("")}) == "1 2 3 - -");
  CHECK(roles({ids("", 20), ids("", 30), dates(""), stars("")}) == "1 2 4 3 -");
  CHECK(roles({ids("", 20), ids("", 30), stars(""), stars(""), stars("")}) == "1 2 - - -");
  CHECK(roles({ids("", 20), ids("", 30), column("", [](int) { return std::string("5"); })}) ==
        "1 2 - - -");
  CHECK(roles({stars("", 9), ids("", 20), ids("", 30)}) == "2 3 - - -");
}

TEST_CASE("column roles: times by name, by form, or as the last of four numbers") {
  CHECK(roles({ids("user", 20), ids("item", 30), moments("timestamp")}) == "1 2 - 3 -");
  CHECK(roles({ids("user", 20), ids("item", 30), moments("x")}) == "1 2 - 3 -");
  CHECK(roles({ids("user", 20), ids("item", 30), dates("x")}) == "1 2 - 3 -");
  CHECK(roles({ids("user", 20), ids("item", 30), dates("release_date")}) == "1 2 - 3 -");
  CHECK(roles({ids("user", 20), ids("item", 30), dates("date"), clocks("time")}) == "1 2 - 3 4");
  CHECK(roles({ids("user", 20), ids("item", 30), dates("date"), moments("timestamp")}) ==
        "1 2 - 4 -; 'date' (column 3) is passed over: it looks like a time");
  CHECK(
      roles({ids("user", 20), ids("item", 30), moments("updated_at"), moments("created_at", 99)}) ==
      "1 2 - 4 -; 'updated_at' (column 3) is passed over: it looks like a time");
  CHECK(roles({ids("user", 20), ids("item", 30), moments("a"), moments("b", 99)}) == "1 2 - 3 -");
  CHECK(roles({ids("user", 20), ids("item", 30), counting("timestamp")}) == "1 2 - 3 -");
  CHECK(roles({ids("user", 20), ids("item", 30), counting("time")}) == "1 2 - 3 -");
  CHECK(roles({ids("user", 20), ids("item", 30), counting("day")}) == "1 2 - 3 -");
  CHECK(roles({ids("user", 20), ids("item", 30), counting("day"), counting("month")}) ==
        "data: log: 'day' (column 3) is called as times are, but its numbers, such as 0, are no "
        "times since 1970: choose by --time-column day, or --time-column - to keep the order of "
        "the file");
  CHECK(roles({ids("user", 20), ids("item", 30), counting("elapsed_time")}) == "1 2 - - -");
  CHECK(roles({ids("user", 20), ids("item", 30), counting("timestamp"), counting("time")}) ==
        "data: log: 'timestamp' (column 3) is called as times are, but its numbers, such as 0, are "
        "no times since 1970: choose by --time-column timestamp or --time-column time, or "
        "--time-column - to keep the order of the file");
  CHECK(roles({ids("user", 20), ids("item", 30), ids("time", 9)}) ==
        "data: log: 'time' (column 3) is called as times are, but 'i0' has no form that is known; "
        "set --time-format, or --time-column - to keep the order of the file");
  CHECK(roles({ids("user", 20), ids("item", 30), emptied(ids("time", 9), 31)}) ==
        "1 2 - - -; 'time' (column 3) is passed over: it looks like a time");
  CHECK(roles({ids("", 20), ids("", 30), stars(""), counting("")}) == "1 2 3 4 -");
  CHECK(roles({ids("", 20), ids("", 30), ids("", 9), counting("")}) == "1 2 4 - -");
  CHECK(roles({ids("", 20), ids("", 30), counting("")}) == "1 2 3 - -");
  CHECK(roles({ids("", 20), ids("", 30), moments("")}) == "1 2 - 3 -");
  CHECK(roles({ids("", 20), ids("", 30), clocks(""), dates("")}) == "1 2 - 4 3");
  CHECK(roles({ids("user", 20),
               ids("item", 30),
               column("date",
                      [](int row) { return "0" + std::to_string(1 + row % 9) + "/02/2021"; })}) ==
        "data: log: 'date' (column 3): '01/02/2021' is month/day/year or day/month/year: choose by "
        "--time-format %m/%d/%Y or --time-format %d/%m/%Y");
}

TEST_CASE("column roles: times that a user or an item determines come last") {
  const auto of_user =
      column("time", [](int row) { return std::to_string(1'600'000'000 + row % 20); });
  const auto of_item =
      column("time", [](int row) { return std::to_string(1'600'000'000 + row % 30); });
  CHECK(roles({ids("user", 20), ids("item", 30), of_user, moments("x")}) ==
        "1 2 - 4 -; 'time' (column 3) is passed over: it looks like a time");
  CHECK(roles({ids("user", 20), ids("item", 30), of_item, moments("x")}) ==
        "1 2 - 4 -; 'time' (column 3) is passed over: it looks like a time");
  CHECK(roles({ids("user", 20), ids("item", 30), of_user}) == "1 2 - 3 -");
  CHECK(roles({ids("user", 20), ids("item", 30), constant("date"), dates("x")}) ==
        "1 2 - 4 -; 'date' (column 3) is passed over: it looks like a time");
  CHECK(roles({ids("user", 20),
               ids("item", 30),
               column("date", [](int) { return std::string("2021-01-01"); }),
               dates("x")}) == "1 2 - 3 -; 'x' (column 4) is passed over: it looks like a time");
}

TEST_CASE("column roles: the option of the times' format decides how they are read") {
  ReadOptions options;
  options.time_format = "%d/%m/%Y";
  const auto slashes =
      column("x", [](int row) { return "0" + std::to_string(1 + row % 9) + "/02/2021"; });
  CHECK(roles({ids("user", 20), ids("item", 30), slashes}, options) == "1 2 - 3 -");
  CHECK(roles({ids("user", 20), ids("item", 30), dates("date")}, options) ==
        "1 2 - - -; 'date' (column 3) is passed over: it looks like a time");
  options.time_column = "x";
  CHECK(roles({ids("user", 20), ids("item", 30), slashes, dates("date")}, options) ==
        "1 2 - 3 -; 'date' (column 4) is passed over: it looks like a time");
  options.time_format = "";
  CHECK(roles({ids("user", 20), ids("item", 30), slashes}, options) ==
        "data: log: 'x' (column 3): '01/02/2021' is month/day/year or day/month/year: choose by "
        "--time-format %m/%d/%Y or --time-format %d/%m/%Y");
  CHECK(roles({ids("user", 20), ids("item", 30), ids("x", 9)}, options) ==
        "data: log: 'x' (column 3): expected times, got 'i0'; --time-format says how they are "
        "written");
  CHECK(
      roles({ids("user", 20), ids("item", 30), emptied(ids("x", 9), 60)}, options) ==
      "data: log: 'x' (column 3): expected times, got ''; --time-format says how they are written");
}

TEST_CASE("column roles: columns that look like a time or an id are noted") {
  CHECK(roles({ids("user", 20), ids("customer_id", 20), ids("item", 30), ids("movie_name", 30)}) ==
        "1 3 - - -; 'customer_id' (column 2) is passed over: it looks like a user");
  CHECK(roles({ids("user", 20), ids("item", 30), ids("user_url", 20), ids("movie_id", 30)}) ==
        "1 2 - - -; 'user_url' (column 3) is passed over: it looks like a user; 'movie_id' (column "
        "4) is passed over: it looks like an item");
  CHECK(roles({ids("", 20), ids("", 30), dates(""), clocks(""), dates("")}) ==
        "1 2 - 3 4; column 5 is passed over: it looks like a time");
}

}  // namespace column_roles_test
}  // namespace elastic::data

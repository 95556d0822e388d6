#include "data/column_facts.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/find_column.h"

namespace elastic::data {
namespace column_facts_test {

using Values = std::vector<std::string_view>;

std::vector<ColumnSample> named(const std::vector<std::string>& names) {
  std::vector<ColumnSample> columns;
  for (const std::string& name : names) {
    columns.push_back({name, {}});
  }
  return columns;
}

TEST_CASE("column sample: messages name at most twenty columns") {
  CHECK(names_of(named({"a", "", "c"})) == "a, 2, c");
  std::vector<std::string> names(20, "x");
  CHECK(names_of(named(names)).ends_with("x, x"));
  names.emplace_back("last");
  const std::string text = names_of(named(names));
  CHECK(text.ends_with(", x, ... (21 columns)"));
  CHECK(text.find("last") == std::string::npos);
  CHECK(shown(named({"a", ""}), 0) == "'a' (column 1)");
  CHECK(shown(named({"a", ""}), 1) == "column 2");
  CHECK(first_fields({{"a", "b"}, {}, {"c"}}) == Values{"a", "", "c"});
}

TEST_CASE("column sample: numbers of rows count from 0 or 1") {
  CHECK(counts_rows({"0", "1", "2"}));
  CHECK(counts_rows({"1", "2"}));
  CHECK(!counts_rows({"1"}));
  CHECK(!counts_rows({"2", "3"}));
  CHECK(!counts_rows({"0", "1", "4"}));
  Values values;
  std::vector<std::string> texts;
  for (int i = 0; i < 21; ++i) {
    texts.push_back(std::to_string(i));
  }
  values.assign(texts.begin(), texts.end());
  values[20] = "40";  // the sample of a long file has gaps
  CHECK(counts_rows(values));
  values[19] = "40";
  CHECK(!counts_rows(values));
}

TEST_CASE("column facts: an option names a column by its number if its name needs quotes") {
  const std::vector<ColumnSample> columns = named({"user_id", "the item", "", "a$b"});
  const ColumnFacts facts(columns);
  CHECK(facts.argument(0) == "user_id");
  CHECK(facts.argument(1) == "2");
  CHECK(facts.argument(2) == "3");
  CHECK(facts.argument(3) == "4");
  CHECK(facts.has_names);
  CHECK(facts.named);
  CHECK(!ColumnFacts(named({"", ""})).has_names);
  CHECK(!ColumnFacts(named({"alpha", "beta"})).named);
}

TEST_CASE("column facts: distinct numbers of rows, three at least") {
  const auto counts = [](const Values& values) {
    const std::vector<ColumnSample> columns{{"", values}};
    return ColumnFacts(columns).counts_rows(0);
  };
  CHECK(counts({"1", "2", "3"}));
  CHECK(!counts({"1", "2"}));
  CHECK(!counts({"0", "1", "1", "2"}));
}

TEST_CASE("column facts: one column determines another if repeats show it") {
  const auto determines = [](const Values& keys, const Values& values) {
    const std::vector<ColumnSample> columns{{"", keys}, {"", values}};
    return ColumnFacts(columns).determines(0, 1);
  };
  CHECK(determines({"a", "a", "a", "a", "a", "a"}, {"x", "x", "x", "x", "x", "x"}));
  CHECK(!determines({"a", "a", "a", "a", "a", "b"}, {"x", "x", "x", "x", "x", "x"}));
  CHECK(!determines({"a", "a", "a", "a", "a", "a"}, {"x", "x", "x", "x", "x", "y"}));
  CHECK(!determines({"a", "a", "a", "a", "a", "a"}, {"x", "x", "x"}));
  Values keys(51, "a");  // 50 repeats
  Values values(51, "x");
  values.back() = "y";
  CHECK(determines(keys, values));
  values.front() = "z";
  CHECK(!determines(keys, values));
}

TEST_CASE("column content: few small numbers are ratings, numbers with a fraction are measures") {
  CHECK(content_of({"1", "5", "3"}).looks_like_rating());
  CHECK(content_of({"-10", "100"}).looks_like_rating());
  CHECK(!content_of({"-10.5", "100"}).looks_like_rating());
  CHECK(!content_of({"-10", "100.5"}).looks_like_rating());
  CHECK(!content_of({"1", "x"}).looks_like_rating());
  CHECK(!content_of({}).looks_like_rating());
  CHECK(!content_of({"", ""}).looks_like_rating());
  std::vector<std::string> texts;
  for (int i = 0; i < 102; ++i) {
    texts.push_back(std::to_string(i - 5) + "e-1");
  }
  CHECK(!content_of(Values(texts.begin(), texts.end())).looks_like_rating());
  CHECK(content_of(Values(texts.begin(), texts.end() - 1)).looks_like_rating());
  CHECK(content_of({"1.5", "2"}).looks_like_measure());
  CHECK(content_of({"1.5", "2", "3", "4"}).looks_like_measure());
  CHECK(!content_of({"1.5", "2", "3", "4", "5"}).looks_like_measure());
  CHECK(!content_of({"1.5", "x"}).looks_like_measure());
  CHECK(!content_of({}).looks_like_measure());
}

TEST_CASE("column content: the only word for missing values is left out") {
  const ColumnContent content = content_of({"NULL", "3", "1", "", "NULL", "1"});
  CHECK(content.count == 6);
  CHECK(content.filled == 3);
  CHECK(content.distinct == 2);
  CHECK(content.least == 1.0);
  CHECK(content.greatest == 3.0);
  CHECK(content.numbers == 1.0);
  CHECK(content_of({"NULL", "3", "nan"}).filled == 3);
}

TEST_CASE("find column: by name, in any case, without its type, by number") {
  const std::vector<ColumnSample> columns = named({"2", "User", "item:token", "", "user"});
  const auto find = [&](const std::string& text) {
    return find_column(text, columns, "--user-column", "log.csv");
  };
  CHECK(find("2") == 0);
  CHECK(find("user") == 4);
  CHECK(find("USER") == 1);
  CHECK(find("item") == 2);
  CHECK(find("item:token") == 2);
  CHECK(find("3") == 2);
  CHECK(find("5") == 4);
  CHECK(find("") == 3);
  for (const char* text : {"0", "6", "2x", "-1", "usr"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(
        find(text), doctest::Contains("--user-column: log.csv has no column '"), UsageError);
  }
  CHECK_THROWS_WITH_AS(
      find("item:tokan"), doctest::Contains("did you mean item:token?"), UsageError);
}

TEST_CASE("find column: a header has a known or an asked name and no number") {
  AskedColumns asked;
  CHECK(is_known_header({"x", "item"}, asked));
  CHECK(is_known_header({"x", "stars"}, asked));
  CHECK(is_known_header({"x", "date"}, asked));
  CHECK(!is_known_header({"x", "y"}, asked));
  CHECK(!is_known_header({"item", "17"}, asked));
  CHECK(!is_known_header({"", "y"}, asked));
  for (std::string AskedColumns::*role :
       {&AskedColumns::user, &AskedColumns::item, &AskedColumns::time, &AskedColumns::rating}) {
    AskedColumns one;
    one.*role = "y";
    CHECK(is_known_header({"x", "y"}, one));
    CHECK(!is_known_header({"x", "z"}, one));
  }
}

}  // namespace column_facts_test
}  // namespace elastic::data

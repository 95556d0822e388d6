#include "data/item_encoding.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/temporary_file.h"

namespace elastic::data::item_encoding_test {
namespace {

using Texts = std::vector<std::string>;

FeatureTable read(std::string_view content) {
  const TemporaryFile file("features", content);
  FeatureTable table = read_feature_table(file.path());
  table.path = "F";
  return table;
}

std::vector<std::size_t> all_rows(const FeatureTable& table) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    rows.push_back(row);
  }
  return rows;
}

struct Fitted {
  ItemEncoding encoding;
  Texts notes;
};

Fitted fit(const FeatureTable& table) {
  Fitted fitted;
  fitted.encoding = ItemEncoding::fit(table, all_rows(table), fitted.notes);
  return fitted;
}

std::vector<float> encode(const ItemEncoding& encoding, const FeatureTable& table, Texts ids) {
  return encoding.encode(table, table.rows_of(ids));
}

TEST_CASE("item encoding: numbers are standardised, categories become columns of 0 and 1") {
  const FeatureTable table = read(
      "movieId,title,year,genres\n1,Heat,1990,Crime|Action\n2,Up,2000,Comedy\n"
      "3,\"Big, the\",2010,Comedy|Action\n4,It,,Crime\n");
  CHECK(table.form == "comma-separated");
  CHECK(table.id_column == "movieId");
  CHECK(table.columns == Texts{"title", "year", "genres"});
  const auto [encoding, notes] = fit(table);
  CHECK(notes == Texts{"title: left out: 4 of 4 items share no value with another item",
                       "year: number, mean 2000, deviation 8.16497",
                       "genres: 3 categories"});
  CHECK(encoding.num_features() == 4);
  const auto far = static_cast<float>(std::sqrt(1.5));
  CHECK(encode(encoding, table, {"1", "4", "9"}) ==
        std::vector<float>{-far, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0});
}

TEST_CASE("item encoding: objects hold numbers, texts, lists of texts and vectors") {
  const FeatureTable table = read(
      "{\"id\": 1.0, \"vector\": [0, 4], \"tags\": [\"a\", \"b\"], \"new\": true, \"x\": {\"y\": "
      "1}}\n\n"
      "{\"id\": \"b\", \"vector\": [2, 4], \"tags\": \"b\", \"new\": true}\n");
  CHECK(table.form == "JSON lines");
  CHECK(table.ids == Texts{"1", "b"});
  const auto [encoding, notes] = fit(table);
  CHECK(notes == Texts{"vector: 2 numbers",
                       "tags: 1 categories, 1 of a single item left out",
                       "new: 1 categories",
                       "x: left out: no item of the data has a value"});
  CHECK(encode(encoding, table, {"b", "1"}) == std::vector<float>{1, 0, 1, 1, -1, 0, 1, 1});
}

TEST_CASE("item encoding: a later file is encoded as the first, whatever its columns' order") {
  const FeatureTable table = read("id\tyear\tkind\na\t1\tx\nb\t3\tx\nc\t5\ty\nd\t7\ty\n");
  const ItemEncoding first = fit(table).encoding;
  const ItemEncoding encoding = ItemEncoding::parse(first.text(), "model");
  CHECK(encoding.text() == first.text());
  const FeatureTable later = read("kind;id;colour;year\ny|z;new;red;4\nz;other;blue;NA\n");
  CHECK(encode(encoding, later, {"new", "other"}) == std::vector<float>{0, 0, 1, 0, 0, 0});
  CHECK(encode(encoding, table, {"a"}) == encode(first, table, {"a"}));
}

TEST_CASE("item encoding: of several rows of an item the last one counts") {
  const FeatureTable table = read("id,year\na,1\nb,3\na,5\n");
  CHECK(table.rows_of(Texts{"a"}) == std::vector<std::optional<std::size_t>>{2});
}

TEST_CASE("feature table: the column of titles is known by its name") {
  CHECK(read("id,year,title\na,1,Heat\n").title_column() == 1);
  CHECK_FALSE(read("id,year\na,1\n").title_column());
}

void refused(std::string_view content, const std::string& message) {
  CAPTURE(content);
  CHECK_THROWS_WITH_AS(fit(read(content)), doctest::Contains(message.c_str()), DataError);
}

TEST_CASE("feature table: a file that cannot be read is refused with its line") {
  refused("", ": expected items with features, got none");
  refused("id\n1\n", ":1: expected a column of ids and columns of features in the header");
  refused("1,2\n3,4\n", ":1: expected a header that names the columns");
  refused("id,a,a\n1,2,3\n", ":1: expected different names of the columns");
  refused("id,a\n", ": expected items with features, got none");
  refused("id,a\n1,2\n3\n", ":3: expected 2 fields as in the header, got 1: \"3\"");
  refused("id,a\n,2\n", ":2: expected an id in column 'id'");
  refused("{\"id\": 1, \"a\": 2}\n[1]\n", ":2: expected a JSON object, got \"[1]\"");
  refused("{\"id\": 1, \"a\": 2}\n{\"a\": 2}\n", ":2: expected an id in column 'id'");
}

TEST_CASE("item encoding: values of another kind are refused with their line") {
  refused("{\"id\": 1, \"a\": [1, 2]}\n{\"id\": 2, \"a\": [3]}\n",
          "F:2: column 'a': expected 2 numbers, got 1; categories are texts");
  refused("{\"id\": 1, \"a\": [1, 2]}\n{\"id\": 2, \"a\": \"x\"}\n",
          "F:2: column 'a': expected 2 numbers, got 'x'; categories are texts");
  refused("id,a\n1,2\n3,2\n", "expected 1 to 65536 features, got 0; a: left out: the same for all");
  const FeatureTable table = read("id,year\na,1\nb,3\n");
  const ItemEncoding encoding = fit(table).encoding;
  CHECK_THROWS_WITH_AS(encode(encoding, read("id,year\nc,new\n"), {"c"}),
                       "F:2: column 'year': expected a number, got 'new'; categories are texts",
                       DataError);
  CHECK_THROWS_WITH_AS(encode(encoding, read("id,age\nc,1\n"), {"c"}),
                       "F: expected the column 'year', which the model's item vectors have",
                       DataError);
}

TEST_CASE("item encoding: a damaged text is refused") {
  for (const char* text : {"",
                           "[]",
                           "{}",
                           "{\"columns\": [1]}",
                           "{\"columns\": [{\"name\": \"a\"}]}",
                           "{\"columns\": [{\"name\": \"a\", \"means\": [1], \"scales\": [0]}]}",
                           "{\"columns\": [{\"name\": \"a\", \"means\": [1], \"scales\": []}]}",
                           "{\"columns\": [{\"name\": \"a\", \"categories\": [\"b\", \"a\"]}]}"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(ItemEncoding::parse(text, "model"),
                         doctest::Contains("model: the encoding of the item vectors is damaged"),
                         CheckpointError);
  }
}

}  // namespace
}  // namespace elastic::data::item_encoding_test

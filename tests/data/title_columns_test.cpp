#include "data/title_columns.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {
namespace title_columns_test {

using Values = std::vector<std::string_view>;

// -1 for none.
int title_rank(std::string_view name, std::string_view id_name = "track_id") {
  return rank_of_title(name, id_name).value_or(-1);
}

int id_rank(std::string_view name) {
  return rank_of_id(name).value_or(-1);
}

TEST_CASE("title columns: names of titles, the surest first") {
  CHECK(title_rank("title") == 0);
  CHECK(title_rank("track_title") == 0);
  CHECK(title_rank("tracktitle") == 0);
  CHECK(title_rank("name") == 1);
  CHECK(title_rank("track_name") == 1);
  CHECK(title_rank("track") == 1);
  CHECK(title_rank("album_title") == 2);
  CHECK(title_rank("original_title") == 3);
  CHECK(title_rank("song_name") == 4);
  CHECK(title_rank("official_name") == kTitleNames);
  CHECK(title_rank("song") == kTitleNames + 1);
  CHECK(title_rank("song", "song_id") == 1);
  for (const char* name :
       {"category_name", "user_name", "username", "filename", "price", "x", ""}) {
    CAPTURE(name);
    CHECK(title_rank(name) == -1);
  }
}

TEST_CASE("title columns: names of ids, the surest first") {
  CHECK(id_rank("item_id") == 0);
  CHECK(id_rank("movieId") == 1);
  CHECK(id_rank("asin") == 1);
  CHECK(id_rank("id") == 2);
  CHECK(id_rank("uuid") == 2);
  CHECK(id_rank("genre_id") == kIdNames);
  CHECK(id_rank("movie") == 4);
  CHECK(id_rank("title") == 8);
  for (const char* name : {"user_id", "timestamp", "rating", "genre", "price"}) {
    CAPTURE(name);
    CHECK(id_rank(name) == -1);
  }
}

TEST_CASE("title columns: ids are in columns with their name, or with distinct values") {
  const Values distinct{"a", "b", "c"};
  const Values repeated{"a", "a", "a", "b"};
  CHECK(id_candidates({{"title", distinct}, {"item_id", repeated}, {"other", repeated}}) ==
        std::vector<std::size_t>{1, 0});
  CHECK(id_candidates({{"item_id", distinct, /*is_list=*/true}}).empty());
  CHECK(id_candidates({{"user_id", distinct}, {"x", distinct}}) == std::vector<std::size_t>{1});
  CHECK(id_candidates({{"", distinct}, {"", repeated}, {"", {"a", "a"}}, {"", {"a", "", "b"}}}) ==
        std::vector<std::size_t>{0, 3});
  CHECK(id_candidates({{"", {"a", "b", "a", "b"}}}).empty());  // half of them
  CHECK(id_candidates(std::vector<ColumnSample>(64, {"", distinct})).size() == 64);
  CHECK(id_candidates(std::vector<ColumnSample>(65, {"", distinct})).size() == 64);
}

TEST_CASE("title columns: the ids are where the items of the data are") {
  const std::vector<ColumnSample> columns{{"id", {}}, {"item_id", {}}, {"x", {}}, {"genre_id", {}}};
  const auto choose = [&](const std::vector<IdMatches>& matches) {
    const auto found = choose_id_column(columns, matches);
    return found ? static_cast<int>(*found) : -1;
  };
  CHECK(choose({}) == -1);
  CHECK(choose({{0, 0, 0}, {1, 0, 0}}) == -1);
  CHECK(choose({{0, 10, 10}, {1, 9, 10}}) == 1);  // almost as many, under a surer name
  CHECK(choose({{0, 100, 100}, {1, 89, 100}}) == 0);
  CHECK(choose({{2, 10, 19}}) == 2);
  CHECK(choose({{2, 10, 20}}) == -1);  // flags
  CHECK(choose({{3, 10, 20}}) == 3);
  CHECK(choose({{2, 20, 20}, {0, 9, 20}}) == 0);
  CHECK(choose({{2, 20, 20}, {0, 8, 20}}) == 2);
  CHECK(choose({{3, 10, 10}, {0, 8, 10}}) == 0);
}

TEST_CASE("title columns: a name, or the longest distinct text, is the title") {
  const Values ids{"1", "2", "3", "4"};
  const Values shorts{"ab", "cd", "ef", "gh"};
  const Values longer{"the first one", "the second one", "the third one", "the fourth one"};
  const auto choose = [](const std::vector<ColumnSample>& columns) {
    const auto found = choose_title_column(columns, 0);
    return found ? static_cast<int>(*found) : -1;
  };
  CHECK(choose({{"id", ids}, {"plot", longer}, {"name", shorts}}) == 2);
  CHECK(choose({{"id", ids}, {"x", shorts}, {"y", longer}}) == 2);
  CHECK(choose({{"id", ids}, {"x", shorts}, {"plot", longer}}) == 1);
  CHECK(choose({{"id", ids}, {"plot", longer}}) == 1);
  CHECK(choose({{"id", ids}, {"x", shorts}, {"y", longer, /*is_list=*/true}}) == 1);
  CHECK(choose({{"id", ids}, {"name", {"", "", "", ""}}, {"x", shorts}}) == 2);
  CHECK(choose({{"id", ids}, {"name", ids}, {"x", shorts}}) == 2);
  CHECK(choose({{"id", ids}, {"title", ids}, {"x", shorts}}) == 1);
  CHECK(choose({{"id", ids}, {"x", ids}}) == -1);
  CHECK(choose({{"id", ids}, {"x", {"http://a", "www.b", "c", "d"}}}) == -1);
  CHECK(choose({{"id", ids}, {"x", {"http://a", "b", "c", "d"}}}) == 1);
  CHECK(choose({{"id", ids}, {"x", {"[a]", "{b}", "c", "d"}}}) == -1);
  CHECK(choose({{"id", ids}, {"x", {"2021-01-01", "2021-01-02", "2021-01-03", "2021-01-04"}}}) ==
        -1);
  CHECK(choose({{"", longer}}) == -1);
}

TEST_CASE("title columns: categories, descriptions and small differences do not make a title") {
  std::vector<std::string> ids;
  std::vector<std::string> words;
  std::vector<std::string> kinds;
  std::vector<std::string> descriptions;
  for (int i = 0; i < 21; ++i) {
    ids.push_back(std::to_string(i));
    words.push_back("w" + std::string(1, static_cast<char>('a' + i)));
    kinds.push_back(i % 6 == 0 ? "a kind of long name" : "b kind of long name");
    descriptions.push_back(std::string(150, static_cast<char>('a' + i)));
  }
  const auto column = [](const std::vector<std::string>& texts, std::size_t count) {
    return ColumnSample{"",
                        Values(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(count))};
  };
  const auto choose = [&](const std::vector<std::string>& first,
                          const std::vector<std::string>& second,
                          std::size_t count) {
    const auto found =
        choose_title_column({column(ids, count), column(first, count), column(second, count)}, 0);
    return found ? static_cast<int>(*found) : -1;
  };
  CHECK(choose(kinds, words, 21) == 2);
  CHECK(choose(words, descriptions, 21) == 2);
  for (std::string& text : descriptions) {
    text += "!";
  }
  CHECK(choose(descriptions, std::vector<std::string>(ids.size(), "of seven"), 3) == 1);
  std::vector<std::string> sixes;
  for (const std::string& word : words) {
    sixes.push_back("seven: " + word);
  }
  CHECK(choose(descriptions, sixes, 21) == 2);
}

}  // namespace title_columns_test
}  // namespace elastic::data

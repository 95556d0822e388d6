#include "data/dataset.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "base/error.h"
#include "data/data_config.h"
#include "data/temporary_file.h"

namespace elastic::data::dataset_test {
namespace {

LoadedData load(std::string_view content, DataConfig config = {}) {
  const TemporaryFile file("log.txt", content);
  config.data = {file.path()};
  return load_data(config);
}

std::string sequence_of(const Dataset& dataset, const char* user) {
  std::string text;
  for (const std::int32_t item : dataset.sequence(dataset.find_user(user).value())) {
    text += dataset.item_id(item);
  }
  return text;
}

TEST_CASE("dataset: events are ordered by time, then by position in the file") {
  const auto timed = load("user,item,timestamp\nu,c,30\nv,x,1\nu,a,10\nu,b,10\nu,d,20\n");
  CHECK(sequence_of(*timed.dataset, "u") == "abdc");
  const auto untimed = load("u c\nv x\nu a\nu b\n");
  CHECK(sequence_of(*untimed.dataset, "u") == "cab");
  CHECK(untimed.dataset->num_users() == 2);
  CHECK(untimed.dataset->num_items() == 4);
  CHECK(!untimed.dataset->find_item("nothing"));
  CHECK(untimed.dataset->find_item("c").value() == 1);
}

TEST_CASE("dataset: minimum rating, duplicates and an iterated core report their counts") {
  // Item z has one event and is dropped; that leaves user w two events, who is then dropped, which
  // leaves item q one.
  const char* log =
      "user,item,rating\nu,p,5\nu,q,5\nu,r,5\nv,p,5\nv,r,5\nv,r,4\nv,q,1\nw,q,5\nw,p,5\nw,z,5\n";
  DataConfig config;
  config.filters.min_rating = 2.0;
  config.filters.drop_duplicates = Duplicates::kAll;
  config.filters.min_user_events = 2;
  config.filters.min_item_events = 2;
  const auto loaded = load(log, config);
  REQUIRE(loaded.filters.size() == 4);
  CHECK(loaded.filters[0].events == 10);
  CHECK(loaded.filters[1].events == 9);
  CHECK(loaded.filters[2].events == 8);
  CHECK(loaded.filters[3].events == 7);
  CHECK(loaded.filters[3].items == 3);
  CHECK(sequence_of(*loaded.dataset, "v") == "pr");
  config.filters.min_user_events = 3;
  CHECK_THROWS_AS(load(log, config), DataError);
  CHECK_THROWS_AS(load("u a\nu b\n", config), DataError);  // the log has no ratings
}

TEST_CASE("dataset: several files, or a pattern, are one log; a file of another form is refused") {
  const TemporaryFile folder("day-1.csv", "user,item,timestamp\nu,b,20\nv,a,5\n");
  const std::filesystem::path place = std::filesystem::path(folder.path()).parent_path();
  const auto write = [&](const char* name, const char* content) {
    std::ofstream(place / name) << content;
    return (place / name).string();
  };
  const std::string second = write("day-2.csv", "user,item,timestamp\nu,a,10\nw,c,7\n");
  const std::string other = write("other.csv", "item,user,timestamp\nu,a,10\nw,c,7\n");
  DataConfig config;
  const auto sequence = [&](std::vector<std::string> data) {
    config.data = std::move(data);
    const LoadedData loaded = load_data(config);
    CHECK(loaded.sources.size() == 2);
    CHECK(loaded.dataset->num_users() == 3);
    return sequence_of(*loaded.dataset, "u");
  };
  CHECK(sequence({folder.path(), second}) == "ab");
  CHECK(sequence({second, folder.path()}) == "ab");
  CHECK(sequence({(place / "day-*.csv").string()}) == "ab");
  CHECK(sequence({(place / "day-[12].csv").string()}) == "ab");
  config.data = {folder.path(), other};
  CHECK_THROWS_WITH_AS(load_data(config), doctest::Contains("its form is not that of"), DataError);
  config.data = {(place / "week-*.csv").string()};
  CHECK_THROWS_WITH_AS(load_data(config), doctest::Contains("no file matches"), DataError);
}

TEST_CASE("dataset: the hash depends on sequences and ids") {
  const std::string hash = load("u a\nu b\nv a\n").dataset->hash();
  CHECK(hash.size() == 16);
  CHECK(load("user,item\nu,a\nu,b\nv,a\n").dataset->hash() == hash);
  CHECK(load("u b\nu a\nv a\n").dataset->hash() != hash);
  CHECK(load("u a\nu b\nw a\n").dataset->hash() != hash);
}

TEST_CASE("dataset: each part of the data changes the hash") {
  const auto ids_of = [](const std::vector<std::string>& names) {
    IdMap ids;
    for (const std::string& name : names) {
      ids.add(name);
    }
    return ids;
  };
  const auto hash = [&](const std::vector<std::int64_t>& offsets,
                        const std::vector<std::int32_t>& items,
                        const std::vector<std::string>& users,
                        const std::vector<std::string>& names) {
    return Dataset(offsets, items, ids_of(users), ids_of(names)).hash();
  };
  const std::set<std::string> hashes{hash({0, 2, 3}, {1, 2, 2}, {"u", "v"}, {"a", "b"}),
                                     hash({0, 1, 3}, {1, 2, 2}, {"u", "v"}, {"a", "b"}),
                                     hash({0, 2, 3}, {1, 2, 1}, {"u", "v"}, {"a", "b"}),
                                     hash({0, 2, 3}, {1, 2, 2}, {"u", "w"}, {"a", "b"}),
                                     hash({0, 2, 3}, {1, 2, 2}, {"u", "v"}, {"a", "c"}),
                                     hash({0, 2, 3}, {1, 2, 2}, {"u", "va"}, {"", "b"})};
  CHECK(hashes.size() == 6);
}

TEST_CASE("dataset: events of one moment keep the order of the file") {
  // Long enough for a sort that is not stable to mix them up.
  std::string log = "user,item,timestamp\nu,last,9\n";
  std::string items;
  for (char item = 'A'; item <= 'z'; ++item) {
    log.append("u,").append(1, item).append(",5\nv,").append(1, item).append(",5\n");
    items.append(1, item);
  }
  const auto loaded = load(log + "u,first,1\n");
  std::string shown;
  for (const std::int32_t item : loaded.dataset->sequence(0)) {
    const std::string& id = loaded.dataset->item_id(item);
    shown += id.size() == 1 ? id : "|" + id + "|";
  }
  CHECK(shown == "|first|" + items + "|last|");
}

TEST_CASE(
    "split: the last event is the test, the one before the validation, short users train only") {
  const auto loaded = load("u a\nu b\nu c\nu d\nv a\nv b\nw a\nw b\nw c\n");
  const Split split(loaded.dataset);
  const Dataset& dataset = split.dataset();
  const auto user = dataset.find_user("u").value();
  const auto users = split.eval_users(Subset::kTest);
  CHECK(std::vector<std::int32_t>(users.begin(), users.end()) == std::vector<std::int32_t>{0, 2});
  CHECK(split.train_sequence(user).size() == 2);
  CHECK(split.history(user, Subset::kValidation).size() == 2);
  CHECK(split.history(user, Subset::kTest).size() == 3);
  CHECK(dataset.item_id(split.target(user, Subset::kValidation)) == "c");
  CHECK(dataset.item_id(split.target(user, Subset::kTest)) == "d");
  CHECK(split.train_sequence(dataset.find_user("v").value()).size() == 2);
  CHECK(split.num_train_events() == 5);
  CHECK(split.popularity(Subset::kValidation) == std::vector<std::int64_t>{0, 3, 2, 0, 0});
  CHECK(split.popularity(Subset::kTest) == std::vector<std::int64_t>{0, 3, 3, 1, 0});
  CHECK(split.hash() != dataset.hash());
}

TEST_CASE("data: the embedded data set has the counts of its README") {
  DataConfig config;
  config.data = {ELASTIC_SOURCE_DIR "/data/ml-latest-small/ratings.csv.xz"};
  config.items = ELASTIC_SOURCE_DIR "/data/ml-latest-small/movies.csv.xz";
  const auto loaded = load_data(config);
  CHECK(loaded.sources[0].format.describe() ==
        "comma-separated, header; user: 'userId' (column 1); item: 'movieId' (column 2); rating: "
        "'rating' (column 3); timestamp: 'timestamp' (column 4), a number");
  CHECK(loaded.dataset->num_events() == 100836);
  CHECK(loaded.dataset->num_users() == 610);
  CHECK(loaded.dataset->num_items() == 9724);
  CHECK(loaded.titles.num_titles == 9724);
  const auto toy_story = loaded.dataset->find_item("1").value();
  CHECK(loaded.dataset->title(toy_story) == "Toy Story (1995)");
  const Split split(loaded.dataset);
  const auto json = describe(loaded, split);
  CHECK(json["users"] == 610);
  CHECK(json["split"]["hash"] == split.hash());
}

TEST_CASE("data: ML-1M, if present, has its published counts") {
  const char* given = std::getenv("ELASTIC_DATA_DIR");
  const std::filesystem::path folder =
      given != nullptr ? given : ELASTIC_SOURCE_DIR "/../shared/data";
  DataConfig config;
  config.data = {(folder / "ml-1m" / "ml-1m.txt.xz").string()};
  if (!std::filesystem::exists(config.data.front())) {
    std::cout << "skipped: ML-1M is not present (ELASTIC_DATA_DIR)\n";
    return;
  }
  const auto loaded = load_data(config);
  CHECK(loaded.dataset->num_events() == 999611);
  CHECK(loaded.dataset->num_users() == 6040);
  CHECK(loaded.dataset->num_items() == 3416);
}

}  // namespace
}  // namespace elastic::data::dataset_test

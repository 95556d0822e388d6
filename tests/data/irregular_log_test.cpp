// Logs with irregular content.
#include <doctest/doctest.h>

#include <string>

#include "base/error.h"
#include "data/data_config.h"
#include "data/temporary_file.h"

namespace elastic::data::irregular_log_test {
namespace {

LoadedData load(std::string_view content, DataConfig config = {}) {
  const TemporaryFile file("log.txt", content);
  config.data = {file.path()};
  return load_data(config);
}

std::string refusal(std::string_view content, const DataConfig& config = {}) {
  try {
    load(content, config);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

bool refuses(std::string_view content, const char* part, const DataConfig& config = {}) {
  const std::string message = refusal(content, config);
  INFO(message);
  return message.find(part) != std::string::npos;
}

std::string sequence_of(const LoadedData& loaded, const char* user) {
  const Dataset& dataset = *loaded.dataset;
  std::string text;
  for (const std::int32_t item : dataset.sequence(dataset.find_user(user).value())) {
    text += dataset.item_id(item) + " ";
  }
  return text;
}

// The unquoted fields are in a buffer that the next line overwrites.
TEST_CASE("irregular log: sequences may have quotes within quotes") {
  std::string log;
  for (const char* user : {"ann", "bob", "cy"}) {
    log += std::string(user) +
           ",\"the \"\"first\"\" item with a long name\",\"a \"\"second\"\" one, as long as "
           "that\",x\n";
  }
  DataConfig config;
  config.read.format = FileFormat::kSequences;
  config.read.separator = Separator::parse("comma", "--separator");
  const LoadedData loaded = load(log, config);
  CHECK(loaded.dataset->num_users() == 3);
  CHECK(sequence_of(loaded, "bob") ==
        "the \"first\" item with a long name a \"second\" one, as long as that x ");
}

TEST_CASE("irregular log: a short row among the first is a bad row, not a sequence") {
  const char* log = "u1,m1,5,1\nu1,m2,5,2\nu1,m3\nu2,m1,5,1\n";
  CHECK(refuses(log, ":3: expected 4 fields, got 2: \"u1,m3\""));
  DataConfig config;
  config.read.on_bad_row = BadRows::kSkip;
  CHECK(refuses(log, "1 of 4 rows cannot be read, more than --max-bad-rows 0.05 allows", config));
  config.read.max_bad_rows = 0.25;
  const auto loaded = load(log, config);
  CHECK(loaded.sources[0].num_bad_rows == 1);
  CHECK(sequence_of(loaded, "u1") == "m1 m2 ");
  CHECK(refuses("user,item,rating\nu,a,1\nu,b\nu,c\n", ":3: expected 3 fields, got 2"));
  CHECK(refuses("1::2::3::4\n1::2::3\n1::2\n", "expected 4 fields"));
}

TEST_CASE("irregular log: a row may end in a separator, but has no field beyond the columns") {
  const std::string log = "user,item,rating\nu,a,1\nu,b,2\nu,c,3\nu,d,4\n";
  CHECK(sequence_of(load(log + "u,e,5,\n"), "u") == "a b c d e ");
  CHECK(refuses(log + "u,e,5,,\n", ":6: expected 3 fields, got 5"));
  CHECK(refuses(log + "u,e,5,x\n", ":6: expected 3 fields, got 4"));
  CHECK(refuses(log + "u,e\n", ":6: expected 3 fields, got 2"));
  const std::string listed = "user\titems\nu\t[a, b]\nv\t[b, c]\nw\t[a, c]\n";
  CHECK(sequence_of(load(listed + "x\t[a, d]\t\n"), "x") == "a d ");
  CHECK(refuses(listed + "x\t[a, d]\ty\n", ":5: expected 2 fields, got 3"));
}

TEST_CASE("irregular log: as many bad rows are skipped as the share allows, and no more") {
  std::string log = "user,item,rating\n";
  for (int i = 0; i < 38; ++i) {
    log += concat("u", i % 4, ",i", i % 9, ",", i % 5, "\n");
  }
  DataConfig config;
  config.read.on_bad_row = BadRows::kSkip;
  const std::string bad = "u1,x,y\n";
  CHECK(load(log + "u1,a,1\n" + bad, config).sources[0].num_bad_rows == 1);
  CHECK(load(log + bad + bad, config).sources[0].num_bad_rows == 2);  // 2 of 40: exactly 5 %
  CHECK(refuses(log + bad + bad + bad, "3 of 41 rows cannot be read", config));
}

TEST_CASE("irregular log: with a given separator, rows of varying length are refused by line") {
  DataConfig config;
  config.read.separator = Separator::parse("comma", "--separator");
  CHECK(refuses("1,2,3\n4,5\n", ":2: expected 3 fields, got 2", config));
  config.read.columns = "user,item";
  CHECK(refuses("1,2,3\n4,5,6\n", "has 3 columns, got names of 2", config));
}

TEST_CASE("irregular log: the earliest of duplicates stays, whatever its position in the file") {
  DataConfig config;
  config.filters.drop_duplicates = Duplicates::kAll;
  const auto loaded = load("user,item,timestamp\nu,x,9\nu,y,5\nu,x,1\n", config);
  CHECK(sequence_of(loaded, "u") == "x y ");
}

TEST_CASE("irregular log: events are ordered by fractions of a second and by negative times") {
  const auto loaded = load("user,item,timestamp\nu,c,1.75\nu,b,1.25\nu,a,-0.5\nu,z,-7\nu,d,2e0\n");
  CHECK(sequence_of(loaded, "u") == "z a b c d ");
  CHECK(refuses("user,item,timestamp\nu,c,99999999999999999999\nu,d,1\n",
                "'99999999999999999999' has no form that is known"));
  std::string log = "user,item,timestamp\n";
  for (int i = 0; i < 40; ++i) {
    log += concat("u,c,", i, "\n");
  }
  CHECK(refuses(log + "u,c,nan\n", ":42: column 3: expected a number as timestamp, got 'nan'"));
}

TEST_CASE("irregular log: ids in Latin-1 become UTF-8, so that they can be written as JSON") {
  const auto loaded = load("user,item\nJos\xe9,a\nJos\xc3\xa9,b\n");
  CHECK(loaded.dataset->num_users() == 1);
  CHECK(loaded.dataset->user_id(0) == "Jos\xc3\xa9");
}

TEST_CASE("irregular log: a quoted id may contain separators and line breaks") {
  const auto loaded = load("user,item\n\"a\nb\",x\n\"c,d\",y\nu,\n", [] {
    DataConfig config;
    config.read.on_bad_row = BadRows::kSkip;
    config.read.max_bad_rows = 0.5;
    return config;
  }());
  CHECK(sequence_of(loaded, "a\nb") == "x ");
  CHECK(sequence_of(loaded, "c,d") == "y ");
  REQUIRE(loaded.sources[0].bad_rows.size() == 1);
  CHECK(loaded.sources[0].bad_rows[0].problem.find("the item is empty") != std::string::npos);
}

TEST_CASE("irregular log: filtering after reading equals reading a filtered log") {
  DataConfig config;
  config.filters.min_rating = 3.0;
  const auto filtered = load("u,b,1\nv,a,5\nu,a,4\nu,c,3\nv,d,2\n", config);
  const auto before = load("v,a,5\nu,a,4\nu,c,3\n");
  CHECK(filtered.dataset->hash() == before.dataset->hash());
}

}  // namespace
}  // namespace elastic::data::irregular_log_test

#include "data/interaction_cache.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/temporary_file.h"
#include "temporary_folder.h"

namespace elastic::data {
namespace {

// Long enough to be cached; contains a bad row, fractions of seconds and ids of all kinds.
std::string large_log() {
  std::string text = "user,item,rating,timestamp\nu,only user\n";
  for (int i = 0; text.size() < kLeastCachedBytes; ++i) {
    text += concat(
        "\xc3\xa9 ", i % 101, ",item ", i % 307, ",", i % 5, ".5,", i, i % 3 == 0 ? ".25\n" : "\n");
  }
  return text;
}

void check_equal(const Interactions& one, const Interactions& other) {
  CHECK(to_json(one.format) == to_json(other.format));
  CHECK(one.notes == other.notes);
  CHECK(one.num_rows == other.num_rows);
  CHECK(one.num_bad_rows == other.num_bad_rows);
  REQUIRE(one.bad_rows.size() == other.bad_rows.size());
  CHECK(one.bad_rows.front().line == other.bad_rows.front().line);
  CHECK(one.bad_rows.front().problem == other.bad_rows.front().problem);
  CHECK(one.users.names() == other.users.names());
  CHECK(one.items.names() == other.items.names());
  CHECK(one.has_rating == other.has_rating);
  CHECK(one.has_timestamp == other.has_timestamp);
  REQUIRE(one.events.size() == other.events.size());
  for (std::size_t i = 0; i < one.events.size(); ++i) {
    REQUIRE(one.events[i].user == other.events[i].user);
    REQUIRE(one.events[i].item == other.events[i].item);
    REQUIRE(one.events[i].rating == other.events[i].rating);
    REQUIRE(one.events[i].timestamp == other.events[i].timestamp);
    REQUIRE(one.events[i].billionths == other.events[i].billionths);
  }
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}

// A log that is read through a cache in a folder of its own.
struct Cached {
  Cached() : file("log.csv", large_log()) {
    options.on_bad_row = BadRows::kSkip;
    options.cache_folder = (std::filesystem::path(file.path()).parent_path() / "a" / "b").string();
  }
  [[nodiscard]] Interactions read() const { return read_interactions(file.path(), options); }
  [[nodiscard]] std::vector<std::filesystem::path> entries() const {
    return {std::filesystem::directory_iterator(options.cache_folder), {}};
  }
  TemporaryFile file;
  ReadOptions options;
};

TEST_CASE("interaction cache: reading gives the parsed log") {
  const Cached cached;
  ReadOptions without = cached.options;
  without.cache_folder = "";
  const Interactions parsed = read_interactions(cached.file.path(), without);
  CHECK(parsed.cache_note.empty());
  const Interactions first = cached.read();
  CHECK(first.cache_note.find("cache: written to ") == 0);
  REQUIRE(cached.entries().size() == 1);
  const Interactions second = cached.read();
  CHECK(second.cache_note.find("cache: read from ") == 0);
  CHECK(second.path == cached.file.path());
  check_equal(parsed, first);
  check_equal(parsed, second);
}

TEST_CASE("interaction cache: other content and other options have entries of their own") {
  Cached cached;
  CHECK(cached.read().cache_note.find("cache: written to ") == 0);
  cached.options.columns = "user,item,-,timestamp";
  CHECK(cached.read().cache_note.find("cache: written to ") == 0);
  CHECK(cached.entries().size() == 2);
  write_file(cached.file.path(), large_log() + "new,item 1,1,1\n");
  CHECK(cached.read().cache_note.find("cache: written to ") == 0);
  CHECK(cached.entries().size() == 3);
}

TEST_CASE("interaction cache: small files are not cached") {
  Cached cached;
  const TemporaryFile small("small.csv", "u a\nu b\n");
  CHECK(read_interactions(small.path(), cached.options).cache_note.empty());
  CHECK(!std::filesystem::exists(cached.options.cache_folder));
}

TEST_CASE(
    "interaction cache: a damaged, truncated, empty or foreign entry is replaced, with a note") {
  const Cached cached;
  const Interactions parsed = cached.read();
  const std::filesystem::path entry = cached.entries().front();
  const std::string good = bytes_of(entry.string());
  std::vector<std::string> bad{
      "", "not a cache", good.substr(0, 40), good.substr(0, good.size() - 1), good + "x"};
  for (const std::size_t at : {std::size_t{0}, std::size_t{70}, good.size() / 2, good.size() - 1}) {
    bad.push_back(good);
    bad.back()[at] = static_cast<char>(bad.back()[at] ^ 1);
  }
  for (const std::string& content : bad) {
    write_file(entry, content);
    const Interactions read = cached.read();
    CHECK(read.cache_note.find("is not used: ") != std::string::npos);
    CHECK(read.cache_note.find("; written to ") != std::string::npos);
    check_equal(parsed, read);
    CHECK(bytes_of(entry.string()) == good);
  }
}

TEST_CASE("interaction cache: a folder that cannot be written causes only a note") {
  Cached cached;
  cached.options.cache_folder = cached.file.path() + "/below a file";
  const Interactions read = cached.read();
  CHECK(read.cache_note.find("cache: not written: ") == 0);
  CHECK(!read.events.empty());
}

}  // namespace
}  // namespace elastic::data

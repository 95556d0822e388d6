#include "data/interaction_cache.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/data_config.h"
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
  for (std::size_t i = 0; i < one.bad_rows.size(); ++i) {
    CHECK(one.bad_rows[i].line == other.bad_rows[i].line);
    CHECK(one.bad_rows[i].problem == other.bad_rows[i].problem);
  }
  CHECK(one.num_far_times == other.num_far_times);
  CHECK(one.far_times.size() == other.far_times.size());
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
  explicit Cached(const std::string& text = large_log()) : file("log.csv", text) {
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

// Another value of an option, with which the log is still read.
template <class T>
void set_other(const std::string& option, T& field) {
  const std::map<std::string, std::string> others{{"user_column", "1"},
                                                  {"item_column", "2"},
                                                  {"time_column", "4"},
                                                  {"rating_column", "-"},
                                                  {"columns", "user,item,-,timestamp"},
                                                  {"time_format", "seconds"}};
  if constexpr (std::is_same_v<T, std::string>) {
    field = others.at(option);
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    field = {"item!=item 1"};
  } else if constexpr (std::is_same_v<T, Separator>) {
    field = Separator::parse("comma", option);
  } else if constexpr (std::is_same_v<T, FileFormat>) {
    field = FileFormat::kTable;
  } else if constexpr (std::is_same_v<T, BadRows>) {
    field = BadRows::kError;
  } else {
    field = static_cast<T>(std::is_integral_v<T> ? 1 << 30 : 0.5);
  }
}

TEST_CASE("interaction cache: every option of reading is part of an entry's name") {
  // A field more or less does not compile: a new option needs to be visited, and set above.
  const auto& [format,
               separator,
               columns,
               user,
               item,
               time,
               rating,
               time_format,
               keep,
               on_bad_row,
               max_bad_rows,
               max_input_bytes,
               held_out,
               cache_folder] = ReadOptions{};
  CHECK(!held_out);
  CHECK(cache_folder.empty());
  std::size_t count = 0;
  const ReadOptions defaults;
  options::visit_read(defaults, [&](const char*, const auto&, const auto&...) { ++count; });
  CHECK(count == 12);
  std::string text = large_log() + "u,item 1,1,1\n";
  text.erase(text.find("u,only user"), std::string("u,only user\n").size());
  const Cached cached(text);
  CHECK(cached.read().num_bad_rows == 0);
  options::visit_read(cached.options, [&](const char* name, const auto&, const auto&...) {
    CAPTURE(name);
    ReadOptions other = cached.options;
    options::visit_read(other, [&](const char* option, auto& field, const auto&...) {
      if (option == std::string(name)) {
        set_other(option, field);
      }
    });
    CHECK(!(other == cached.options));
    CHECK(read_interactions(cached.file.path(), other).cache_note.find("cache: written to ") == 0);
    CHECK(read_interactions(cached.file.path(), other).cache_note.find("cache: read from ") == 0);
  });
  CHECK(cached.entries().size() == count + 1);
}

TEST_CASE("interaction cache: a log of every form is read back as it was parsed") {
  std::string objects;
  std::string sequences;
  std::string lists = "user\titems\ttimes\n";
  std::string days = "user,item,date,hour\n";
  for (int i = 0; objects.size() < kLeastCachedBytes; ++i) {
    objects +=
        concat("{\"user\":{\"id\":", i % 101, "},\"item\":", i % 307, ",\"ts\":", i, ".5}\n");
  }
  for (int i = 0; sequences.size() < kLeastCachedBytes; ++i) {
    sequences += concat("u", i, " a", i % 7, " b", i % 5, i % 2 == 0 ? " c d\n" : "\n");
  }
  for (int i = 0; lists.size() < kLeastCachedBytes; ++i) {
    lists += concat("u", i, "\t[", i % 7, ", ", i % 9, "]\t[1225000001, ", 1225000002 + i, "]\n");
  }
  for (int i = 0; days.size() < kLeastCachedBytes; ++i) {
    days += concat("u", i % 101, ",i", i % 307, ",2008-10-", 10 + i % 20, ",", 10 + i % 14, "\n");
  }
  for (const std::string& text : {objects, sequences, lists, days}) {
    Cached cached(text);
    CAPTURE(text.substr(0, 60));
    const Interactions parsed = cached.read();
    CHECK(parsed.cache_note.find("cache: written to ") == 0);
    const Interactions read = cached.read();
    CHECK(read.cache_note.find("cache: read from ") == 0);
    check_equal(parsed, read);
  }
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

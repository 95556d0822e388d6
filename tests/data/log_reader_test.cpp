#include "data/log_reader.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "data/format.h"
#include "tensor/threads.h"

namespace elastic::data::log_reader_test {
namespace {

// chunk_bytes is 1, so there are as many chunks as threads.
struct Threads {
  explicit Threads(int count) : before(num_threads()) { set_num_threads(count); }
  ~Threads() { set_num_threads(before); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  int before;
};

Interactions read(std::string text, int threads, bool skip = false) {
  const Threads set(threads);
  Interactions log;
  log.path = "FILE";
  const LogFormat format = detect_format(text, objects_as_lines(text), "FILE", {}).format;
  read_log(text, format, {.skip = skip}, log, /*chunk_bytes=*/1);
  return log;
}

std::string long_log() {
  std::string text = "user,item,timestamp\n";
  for (int i = 0; i < 3000; ++i) {
    text += concat("u", i * 7919 % 97, ",i", i * 104729 % 211, ",", i, i % 2 == 0 ? "\n" : "\r\n");
  }
  return text;
}

TEST_CASE("log reader: the numbering of ids does not depend on the number of threads") {
  const Interactions one = read(long_log(), 1);
  REQUIRE(one.events.size() == 3000);
  for (const int threads : {2, 3, 7}) {
    const Interactions other = read(long_log(), threads);
    CHECK(other.users.names() == one.users.names());
    CHECK(other.items.names() == one.items.names());
    REQUIRE(other.events.size() == one.events.size());
    for (std::size_t i = 0; i < one.events.size(); ++i) {
      REQUIRE(other.events[i].user == one.events[i].user);
      REQUIRE(other.events[i].item == one.events[i].item);
      REQUIRE(other.events[i].timestamp == one.events[i].timestamp);
    }
  }
}

TEST_CASE("log reader: bad rows have their line in the file, whichever thread reads them") {
  std::string text = long_log();
  text[text.find('u', text.size() - 40)] = ',';  // in one of the last lines
  text.insert(text.find('\n') + 1, "a,b\n\n");   // lines 2 and 3
  for (const int threads : {1, 4}) {
    const Interactions log = read(text, threads, true);
    CHECK(log.num_bad_rows == 2);
    REQUIRE(log.bad_rows.size() == 2);
    CHECK(log.bad_rows[0].line == 2);
    CHECK(log.bad_rows[1].line > 2990);
    CHECK(log.bad_rows[1].line == read(text, 1, true).bad_rows[1].line);
    CHECK_THROWS_WITH_AS(
        read(text, threads), doctest::Contains("FILE:2: expected 3 fields, got 2"), DataError);
  }
}

TEST_CASE("log reader: a text with line breaks inside quotes is read whole") {
  std::string text = "user,item\n";
  for (int i = 0; i < 200; ++i) {
    text += concat("\"u\n", i % 5, "\",i", i, "\n");
  }
  CHECK(read(text, 8).events.size() == 200);
  CHECK(read(text, 8).users.size() == 5);
}

TEST_CASE(
    "log reader: a header after blank lines is found, and there may be more threads than lines") {
  CHECK(read("\n\n\n\n\n\n\nuser,item\na,b\n", 6).events.size() == 1);
  CHECK(read("a,b", 6).events.size() == 1);
}

// The same 600 events in other forms.
std::vector<std::string> forms() {
  std::string quoted = "user,item,time\n";
  std::string quoted_tabs = "user\titem\ttime\n";
  std::string sequences;
  std::string objects;
  std::string lists = "user\titems\n";
  std::string histories;
  std::string heads;
  std::string prefixes = "user_id:token\titem_id_list:token_seq\titem_id:token\n";
  for (int i = 0; i < 600; ++i) {
    const int user = i * 7919 % 97;
    const int item = i * 104729 % 211;
    quoted += concat("\"u,", user, "\",\"i", item, i % 3 == 0 ? "\n" : "", "\",", i, "\n");
    quoted_tabs += concat("\"u", user, "\"\t\"i", item, "\"\t", i, "\n");
    sequences += concat("u", user, " ", item, i % 2 == 0 ? " 7 8 9" : "", "\n");
    objects += concat("{\"user\":", user, ",\"item\":", item, ",\"ts\":", i, "}\n");
    lists += concat("u", i, "\t[", item, ", ", user, "]\n");
    histories += concat("[", item, i % 2 == 0 ? ", 5, 6, 7, 8, 9" : "", "]\n");
    heads += i % 6 == 0 ? concat(i / 6, ":\n") : std::string();
    heads += concat(1000 + user, ",", i % 5 + 1, ",2008-10-", 10 + i % 20, "\n");
    prefixes += concat("u", user, "\t", item, "\t", i % 50, "\n");
  }
  return {quoted, quoted_tabs, sequences, objects, lists, histories, heads, prefixes};
}

TEST_CASE("log reader: several threads read every form as one thread does") {
  for (const std::string& text : forms()) {
    CAPTURE(text.substr(0, 60));
    const Interactions one = read(text, 1);
    CHECK(one.events.size() > 90);
    for (const int threads : {2, 5}) {
      const Interactions other = read(text, threads);
      CHECK(other.users.names() == one.users.names());
      CHECK(other.items.names() == one.items.names());
      CHECK(other.num_rows == one.num_rows);
      REQUIRE(other.events.size() == one.events.size());
      for (std::size_t i = 0; i < one.events.size(); ++i) {
        REQUIRE(other.events[i].user == one.events[i].user);
        REQUIRE(other.events[i].item == one.events[i].item);
        REQUIRE(other.events[i].timestamp == one.events[i].timestamp);
        REQUIRE(other.events[i].rating == one.events[i].rating);
      }
    }
  }
}

}  // namespace
}  // namespace elastic::data::log_reader_test

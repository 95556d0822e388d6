#include "data/log_reader.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "data/format.h"
#include "tensor/threads.h"

namespace elastic::data {
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

}  // namespace
}  // namespace elastic::data

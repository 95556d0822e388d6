#include "data/interactions.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "data/temporary_file.h"

namespace elastic::data::interactions_test {
namespace {

Interactions read(std::string_view content, const ReadOptions& options = {}) {
  const TemporaryFile file("log.txt", content);
  return read_interactions(file.path(), options);
}

std::string refusal(std::string_view content, const ReadOptions& options = {}) {
  const TemporaryFile file("log.txt", content);
  try {
    read_interactions(file.path(), options);
  } catch (const Error& error) {
    std::string message = error.what();
    const std::size_t at = message.find(file.path());
    return at == std::string::npos ? message : message.replace(at, file.path().size(), "FILE");
  }
  return "accepted";
}

// "user item [rating] [timestamp]" of one event, by raw ids.
std::string shown(const Interactions& log, std::size_t i) {
  const Event& event = log.events.at(i);
  std::string text = log.users.raw(event.user) + " " + log.items.raw(event.item);
  if (log.has_rating) {
    text += concat(" ", event.rating);
  }
  if (log.has_timestamp) {
    text += concat(" ", event.timestamp);
  }
  return text;
}

TEST_CASE("interactions: every separator, with and without header, is detected and reported") {
  struct Case {
    const char* content;
    const char* detected;
    const char* second;
  };
  for (const Case& c : {
           Case{"1 10\n1 11\n2 10\n",
                "space-separated, no header; user: column 1; item: column 2",
                "1 11"},
           Case{"a\tx\t5\t100\na\ty\t3.5\t101\n",
                "tab-separated, no header; user: column 1; item: column 2; rating: column 3; "
                "timestamp: column 4, a number",
                "a y 3.5 101"},
           Case{"1::10::5::978300760\n1::11::3::978300761\n",
                "::-separated, no header; user: column 1; item: column 2; rating: column 3; "
                "timestamp: column 4, a number",
                "1 11 3 978300761"},
           Case{"userId,movieId,rating,timestamp\n1,10,4.0,9\n1,11,3.0,8\n",
                "comma-separated, header; user: 'userId' (column 1); item: 'movieId' (column 2); "
                "rating: 'rating' (column 3); timestamp: 'timestamp' (column 4), a number",
                "1 11 3 8"},
           Case{"1,10,4\n1,11,3\n",
                "comma-separated, no header; user: column 1; item: column 2; rating: column 3",
                "1 11 3"},
           Case{
               "1,10,1600000000\n1,11,1600000001\n",
               "comma-separated, no header; user: column 1; item: column 2; timestamp: column 3, a "
               "number",
               "1 11 1600000001"},
           Case{"timestamp:float\titem_id:token\tuser_id:token\n978300760.0\ti\tu\n978300761."
                "0\tj\tu\n",
                "tab-separated, header; user: 'user_id:token' (column 3); item: 'item_id:token' "
                "(column 2); timestamp: 'timestamp:float' (column 1), a number",
                "u j 978300761"},
           Case{"person,thing,stars\nu,i,1\nu,j,3\n",
                "comma-separated, header; user: 'person' (column 1); item: 'thing' (column 2); "
                "rating: 'stars' (column 3)",
                "u j 3"},
       }) {
    CAPTURE(c.content);
    const Interactions log = read(c.content);
    CHECK(log.format.describe() == c.detected);
    REQUIRE(log.events.size() >= 2);
    CHECK(shown(log, 1) == c.second);
  }
}

TEST_CASE(
    "interactions: lines of one length are sequences if they share items, one in ten may differ") {
  std::string log;
  for (int user = 0; user < 10; ++user) {
    log += concat("u", user);
    for (int at = 0; at < (user == 9 ? 4 : 5); ++at) {
      log += concat(" m", (user + at) % 8);
    }
    log += "\n";
  }
  const Interactions read_log = read(log);
  CHECK(read_log.format.describe() == "space-separated, a line a user: user, then items");
  CHECK(read_log.events.size() == 49);
}

TEST_CASE("interactions: one user per line is detected by varying lengths, or set by option") {
  const Interactions log = read("u1 a b c\nu2 b\nu3 c a\n");
  CHECK(log.format.describe() == "space-separated, a line a user: user, then items");
  REQUIRE(log.events.size() == 6);
  CHECK(shown(log, 2) == "u1 c");
  CHECK(shown(log, 3) == "u2 b");
  CHECK(read("u1 a b\nu2 b c\n", {.format = FileFormat::kSequences}).events.size() == 4);
}

TEST_CASE(
    "interactions: byte order mark, CRLF, blank lines, quotes and a missing last newline are "
    "read") {
  const Interactions log = read("\xef\xbb\xbfuser,item\r\n\r\n\"a, \"\"b\"\"\",x\r\n  \nc,\"y\"");
  REQUIRE(log.events.size() == 2);
  CHECK(shown(log, 0) == "a, \"b\" x");
  CHECK(shown(log, 1) == "c y");
}

TEST_CASE("interactions: columns and separator can be set by options") {
  const Interactions log = read("9;u;x\n8;u;y\n",
                                {.separator = Separator::parse("semicolon", "--separator"),
                                 .columns = "timestamp,user,item"});
  CHECK(shown(log, 0) == "u x 9");
  CHECK(read("a|b|c|d|e\nf|g|h|i|j\n", {.columns = "user,-,item,-,-"}).items.raw(0) == "c");
}

TEST_CASE("interactions: refusals name file, line and the expected content") {
  CHECK(refusal("1,2,3,4\n1,2,3,4\n12,1193,5\n",
                {.separator = Separator::parse("comma", "--separator")}) ==
        "data: FILE:3: expected 4 fields, got 3: \"12,1193,5\" (1 of 3 rows cannot be read as "
        "comma-separated, no header; user: column 1; item: column 2; timestamp: column 4, a "
        "number)");
  CHECK(refusal("user,item,rating\n1,2,good\n1,2,3\n")
            .find("data: FILE:2: column 3: expected a number as rating, got 'good': \"1,2,good\" "
                  "(1 of 2 rows cannot be read as ") == 0);
  CHECK(refusal("user,item,rating\n1,2,1\n1,2,nan\n")
            .find("expected a number as rating, got 'nan'") != std::string::npos);
  CHECK(refusal("user,item,time\n1,2,1e400\n")
            .find("'time' (column 3) is called as times are, but "
                  "'1e400' has no form that is known") != std::string::npos);
  CHECK(refusal("user,item\n,2\n1,2\n").find("FILE:2: column 1: the user is empty") !=
        std::string::npos);
  CHECK(refusal("") == "data: FILE: the file is empty; expected rows of user and item");
  CHECK(refusal("\n \n") == "data: FILE: the file is empty; expected rows of user and item");
  CHECK(refusal("user,item\n") == "data: FILE: there is a header but no row");
  CHECK(refusal("abc\ndef\n").find("data: FILE:1: expected columns separated by") == 0);
  CHECK(refusal(std::string_view("a\0b c\n", 6)) ==
        "data: FILE: this is not a text file: it holds zero bytes");
  CHECK(refusal("1,2\n1,3\n", {.columns = "user,colour"}).find("--columns: expected names") == 0);
  CHECK(refusal("1,2\n1,3\n", {.columns = "user,-"}).find("--columns: expected one user") == 0);
  CHECK_THROWS_WITH_AS(read_interactions("/nonexistent/log", {}),
                       "data: cannot open /nonexistent/log: No such file or directory",
                       DataError);
}

TEST_CASE("interactions: a missing value as an id is refused unless its column is named") {
  const char* const log = "user,item\nnull,1\na,2\nnull,3\nb,1\n";
  CHECK(refusal(log).find("the user of 2 of 4 events is 'null'") != std::string::npos);
  CHECK(read(log, {.user_column = "user", .item_column = "item"}).users.find("null").has_value());
}

TEST_CASE("interactions: bad rows are skipped on request and counted, and the first ten are kept") {
  std::string content = "user,item,rating\n";
  for (int i = 0; i < 12; ++i) {
    content += "u,i,oops\n";
  }
  content += "u,i,1\n";
  CHECK(refusal(content, {.rating_column = "rating", .on_bad_row = BadRows::kSkip}) ==
        "data: FILE: 12 of 13 rows cannot be read, more than --max-bad-rows 0.05 allows; the first "
        "is line 2: column 3: expected a number as rating, got 'oops': \"u,i,oops\"");
  const Interactions log = read(
      content, {.rating_column = "rating", .on_bad_row = BadRows::kSkip, .max_bad_rows = 0.95});
  CHECK(log.events.size() == 1);
  CHECK(log.num_bad_rows == 12);
  CHECK(log.bad_rows.size() == 10);
  CHECK(refusal("user,item,rating\nu,i,oops\n",
                {.rating_column = "rating", .on_bad_row = BadRows::kSkip, .max_bad_rows = 1.0})
            .find("no valid row among 1") != std::string::npos);
}

TEST_CASE(
    "interactions: rows of separators, huge lines and odd bytes are read or refused, without a "
    "crash") {
  CHECK(refusal(",,,\n,,,\n").find("data: FILE: found no column of users among the 4") == 0);
  CHECK(refusal(std::string(1 << 20, 'x')).find("expected columns separated by") !=
        std::string::npos);
  CHECK(refusal("u," + std::string(5000, 'x') + "\nu,y\n").find("longer than 4096") !=
        std::string::npos);
  CHECK(read("\xff\xfe,\x80\nb,c\n").events.size() == 2);
  CHECK(refusal("user,item,rating\n1,2,99999999999999999999999999999999999999999999\n")
            .find("expected a number as rating") != std::string::npos);
}

}  // namespace
}  // namespace elastic::data::interactions_test

#include "cli/asking/line_reader.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "base/error.h"

namespace elastic::cli {
namespace {

// A pipe with a path for its reading end.
struct Pipe {
  std::array<int, 2> ends{};
  Pipe() { REQUIRE(::pipe(ends.data()) == 0); }
  ~Pipe() {
    close_writer();
    ::close(ends[0]);
  }
  [[nodiscard]] std::string path() const { return "/dev/fd/" + std::to_string(ends[0]); }
  void send(const std::string& text) const {
    REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void close_writer() {
    if (ends[1] >= 0) {
      ::close(ends[1]);
      ends[1] = -1;
    }
  }
};

TEST_CASE("line reader: lines with either end, the last one without") {
  Pipe pipe;
  pipe.send("one\r\n\ntwo\nthree");
  pipe.close_writer();
  LineReader reader(pipe.path());
  CHECK(reader.next() == "one");
  CHECK(reader.next() == "");
  CHECK(reader.next() == "two");
  CHECK(reader.line_number() == 3);
  CHECK(reader.next() == "three");
  CHECK_FALSE(reader.next().has_value());
  CHECK_FALSE(reader.next().has_value());
}

TEST_CASE("line reader: reports whether next would wait") {
  Pipe pipe;
  LineReader reader(pipe.path());
  CHECK_FALSE(reader.ready());
  pipe.send("one\ntw");
  CHECK(reader.ready());
  CHECK(reader.next() == "one");
  CHECK_FALSE(reader.ready());
  pipe.send("o\n");
  CHECK(reader.ready());
  CHECK(reader.next() == "two");
  CHECK_FALSE(reader.ready());
  pipe.close_writer();
  CHECK(reader.ready());
  CHECK_FALSE(reader.next().has_value());
}

TEST_CASE("line reader: a missing file is bad data") {
  CHECK_THROWS_WITH_AS(LineReader("/no/such/file"),
                       "cannot read /no/such/file: No such file or directory",
                       DataError);
}

}  // namespace
}  // namespace elastic::cli

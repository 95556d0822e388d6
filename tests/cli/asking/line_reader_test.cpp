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

TEST_CASE("line reader: lines that are not UTF-8 are converted, each for itself") {
  Pipe pipe;
  pipe.send("caf\xE9\ncaf\xC3\xA9\n");
  pipe.close_writer();
  LineReader reader(pipe.path());
  CHECK(reader.next() == "caf\xC3\xA9");
  CHECK(reader.next() == "caf\xC3\xA9");
}

TEST_CASE("line reader: a line that is too long is cut, and the next one is whole") {
  const std::string path =
      std::string(P_tmpdir) + "/line_reader_test_" + std::to_string(::getpid());
  std::FILE* const file = std::fopen(path.c_str(), "w");
  REQUIRE(file != nullptr);
  const std::string part(std::size_t{1} << 20, 'x');
  for (int i = 0; i < 200; ++i) {
    std::fwrite(part.data(), 1, part.size(), file);
  }
  std::fputs("\nshort\n", file);
  std::fclose(file);
  LineReader reader(path);
  CHECK(reader.next()->size() == LineReader::kMaxLineBytes + 1);
  CHECK(reader.next() == "short");
  CHECK_FALSE(reader.next().has_value());
  std::remove(path.c_str());
}

TEST_CASE("line reader: a missing file is bad data") {
  CHECK_THROWS_WITH_AS(LineReader("/no/such/file"),
                       "cannot read /no/such/file: No such file or directory",
                       DataError);
}

}  // namespace
}  // namespace elastic::cli

#include "data/text_file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <vector>

#include "base/error.h"
#include "data/compress.h"
#include "data/temporary_file.h"

namespace elastic::data::text_file_test {
namespace {

struct Format {
  const char* name;
  std::function<std::string(const std::string&)> compress;
};

const Format kFormats[] = {
    {"gzip", gzip},
    {"bzip2", bzip2},
    {"xz", [](const std::string& text) { return xz(text); }},
    {"zstd", [](const std::string& text) { return zstd(text); }},
};

std::string sample() {
  std::string text;
  for (int i = 0; i < 200000; ++i) {
    text += std::to_string(i * 7919 % 10007) + (i % 3 == 0 ? "\n" : ",");
  }
  return text;
}

std::string refusal_of(const std::string& bytes) {
  try {
    decode_text(bytes, "log");
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

struct Decoded {
  std::string text;
  std::vector<std::string> notes;
};

Decoded decoded(const std::string& bytes) {
  Decoded result;
  result.text = decode_text(bytes, "log", {}, &result.notes);
  return result;
}

TEST_CASE("text file: compressed inputs are recognised by their first bytes") {
  const std::string text = sample();
  const TemporaryFile plain("log", text);
  CHECK(read_text(plain.path()) == text);
  for (const Format& format : kFormats) {
    CAPTURE(format.name);
    const TemporaryFile file("log", format.compress(text));
    CHECK(read_text(file.path()) == text);
    CHECK(decode_text(format.compress(""), "log").empty());
    CHECK(decode_text(format.compress("a b\n") + format.compress("c d\n"), "log") == "a b\nc d\n");
    const std::string buffers(std::size_t{1} << 19,
                              'a');  // a whole number of the decoder's buffers
    CHECK(decode_text(format.compress(buffers), "log") == buffers);
  }
  const std::string skippable("\x53\x2a\x4d\x18\x02\0\0\0ab", 10);
  CHECK(decode_text(skippable + zstd("a b\n"), "log") == "a b\n");
}

TEST_CASE("text file: a stream within a stream is read, a third one is refused") {
  for (const Format& outer : kFormats) {
    for (const Format& inner : kFormats) {
      const std::string twice = outer.compress(inner.compress("a b\n"));
      CHECK(decode_text(twice, "log") == "a b\n");
      CHECK(refusal_of(outer.compress(twice)) == "data: log: compressed more than twice");
    }
  }
}

TEST_CASE("text file: zeros after a stream are padding, other bytes are ignored with a note") {
  for (const Format& format : {kFormats[0], kFormats[1]}) {
    CAPTURE(format.name);
    const std::string stream = format.compress("a b\n");
    const Decoded padded = decoded(stream + std::string(700, '\0'));
    CHECK(padded.text == "a b\n");
    CHECK(padded.notes.empty());
    const Decoded followed = decoded(stream + std::string("\0\0trailer", 9));
    CHECK(followed.text == "a b\n");
    REQUIRE(followed.notes.size() == 1);
    CHECK(followed.notes[0] == "9 bytes after the end of the compressed stream are ignored");
  }
  CHECK(decode_text(xz("a b\n") + std::string(8, '\0') + xz("c\n"), "log") == "a b\nc\n");
  CHECK(refusal_of(xz("a b\n") + "a long trailer").find("xz stream is broken") !=
        std::string::npos);
  CHECK(refusal_of(zstd("a b\n") + "a long trailer").find("zstd stream is broken") !=
        std::string::npos);
}

TEST_CASE("text file: a stream truncated at any place is refused, naming file and format") {
  const std::string text = sample();
  for (const Format& format : kFormats) {
    const std::string whole = format.compress(text);
    for (const std::size_t size : {whole.size() / 8, whole.size() / 2, whole.size() - 1}) {
      CAPTURE(size);
      CHECK(refusal_of(whole.substr(0, size)) ==
            concat("data: log: the ",
                   format.name,
                   " stream is truncated; copy or download the file again"));
    }
    const std::string small = format.compress("a b\n");
    for (std::size_t size = 11; size < small.size(); ++size) {
      CAPTURE(size);
      CHECK(refusal_of(small + small.substr(0, size)).find("is truncated") != std::string::npos);
    }
  }
}

TEST_CASE("text file: a broken stream is refused") {
  const std::string text = sample();
  for (const Format& format : kFormats) {
    if (format.name == std::string("zstd")) {
      continue;  // a frame without a checksum does not reveal it
    }
    std::string broken = format.compress(text);
    for (std::size_t i = broken.size() / 2; i < broken.size() / 2 + 64; ++i) {
      broken[i] = static_cast<char>(~broken[i]);
    }
    CHECK(refusal_of(broken) == concat("data: log: the ",
                                       format.name,
                                       " stream is broken; copy or download the file again"));
  }
}

TEST_CASE("text file: an input over the limit is refused as out of memory, compressed or not") {
  const TextLimits limits{.most_bytes = 1 << 20};
  const std::string bomb(std::size_t{1} << 26, 'a');
  for (const Format& format : kFormats) {
    CAPTURE(format.name);
    const std::string bytes = format.compress(bomb);
    try {
      decode_text(bytes, "log", limits);
      FAIL("a text over the limit was accepted");
    } catch (const OutOfMemoryError& error) {
      const std::string message = error.what();
      CHECK(message.starts_with("data: log: the text is longer than 1048576 bytes ("));
      CHECK(message.ends_with(" so far); --max-input-bytes raises the limit"));
      CHECK(error.code() == ExitCode::kOutOfMemory);
    }
    CHECK(decode_text(format.compress(bomb.substr(0, 1 << 20)), "log", limits).size() == 1 << 20);
  }
  const TemporaryFile file("log", bomb);
  CHECK_THROWS_AS(read_text(file.path(), limits), OutOfMemoryError);
  CHECK(read_text("/dev/null", limits).empty());
  CHECK_THROWS_AS(read_text("/dev/zero", limits), OutOfMemoryError);
}

TEST_CASE("text file: a window larger than the limit is refused, naming the memory it needs") {
  const TextLimits limits{.most_window_bytes = 1 << 20};
  CHECK_THROWS_WITH_AS(decode_text(zstd(sample(), 24), "log", limits),
                       "data: log: the zstd stream needs 16777216 bytes of memory to decompress: "
                       "more than are free, "
                       "or than the 1048576 that it may use. Decompress it with: zstd -dc",
                       OutOfMemoryError);
  CHECK(decode_text(zstd(sample(), 28), "log") == sample());  // more than zstd's own default
  try {
    decode_text(xz(sample(), 6), "log", limits);
    FAIL("a large dictionary was accepted");
  } catch (const OutOfMemoryError& error) {
    CHECK(std::string(error.what()).starts_with("data: log: the xz stream needs "));
  }
}

TEST_CASE("text file: files of zeros are refused, a zero byte further down is left to the rows") {
  const std::string refusal = "data: log: this is not a text file: it holds zero bytes";
  CHECK(refusal_of(std::string("ab\0c\nd\n", 7)) == refusal);
  CHECK(refusal_of(gzip(std::string("ab\0c\nd\n", 7))) == refusal);
  CHECK(refusal_of("a\n" + std::string(100, '\0')) == refusal);
  const std::string later = "a b\nc d\ne f\ng\0h\n";
  CHECK(decode_text(later, "log") == later);
}

TEST_CASE("text file: encoding and line ends are converted after decompression") {
  const Decoded result =
      decoded(gzip("\xef\xbb\xbf"
                   "caf\xe9\r\nna\xc3\xafve\r\n"));
  CHECK(result.text == "caf\xc3\xa9\nna\xc3\xafve\n");
  REQUIRE(result.notes.size() == 1);
  CHECK(result.notes[0] == "lines that are not UTF-8, read as Windows-1252: 1");
  CHECK(decode_text(std::string("\xff\xfe\x61\0\x0d\0\x0a\0\x62\0", 10), "log") == "a\nb");
}

TEST_CASE("text file: a folder, a missing file and a failed read are refused with their cause") {
  CHECK_THROWS_WITH_AS(
      read_text("/tmp"), "data: /tmp is a folder; expected a file of interactions", DataError);
  CHECK_THROWS_WITH_AS(read_text("/nonexistent"),
                       "data: cannot open /nonexistent: No such file or directory",
                       DataError);
  CHECK_THROWS_WITH_AS(read_text("/proc/self/mem"),  // address zero cannot be read
                       "data: cannot read /proc/self/mem: Input/output error",
                       DataError);
}

}  // namespace
}  // namespace elastic::data::text_file_test

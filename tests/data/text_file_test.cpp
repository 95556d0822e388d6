#include "data/text_file.h"

#include <doctest/doctest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <vector>

#include "base/error.h"
#include "data/temporary_file.h"

namespace elastic::data {
namespace {

std::string sample() {
  std::string text;
  for (int i = 0; i < 200000; ++i) {
    text += std::to_string(i * 7919 % 10007) + (i % 3 == 0 ? "\n" : ",");
  }
  return text;
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string xz(const std::string& text) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  REQUIRE(lzma_easy_buffer_encode(1,
                                  LZMA_CHECK_CRC64,
                                  nullptr,
                                  reinterpret_cast<const std::uint8_t*>(text.data()),
                                  text.size(),
                                  reinterpret_cast<std::uint8_t*>(out.data()),
                                  &size,
                                  out.size()) == LZMA_OK);
  out.resize(size);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
  return out;
}

TEST_CASE("text file: compressed inputs are recognised by their first bytes") {
  const std::string text = sample();
  for (const std::string& bytes : {text, gzip(text), xz(text), zstd(text)}) {
    const TemporaryFile file("log", bytes);
    CHECK(read_text(file.path()) == text);
  }
  const TemporaryFile two_members("log.gz", gzip("a b\n") + gzip("c d\n"));
  CHECK(read_text(two_members.path()) == "a b\nc d\n");
}

TEST_CASE("text file: a stream truncated or broken at any place is refused, naming the file") {
  const std::string text = sample();
  struct Case {
    const char* format;
    std::string bytes;
  };
  for (const Case& c : {Case{"gzip", gzip(text)}, Case{"xz", xz(text)}, Case{"zstd", zstd(text)}}) {
    for (const std::size_t part : {8U, 3U, 2U}) {
      const TemporaryFile file("log", c.bytes.substr(0, c.bytes.size() / part));
      try {
        read_text(file.path());
        FAIL("a truncated stream was accepted: ", c.format);
      } catch (const DataError& error) {
        const std::string message = error.what();
        CHECK(message.find(file.path()) != std::string::npos);
        CHECK(message.find(std::string("the ") + c.format + " stream is truncated") !=
              std::string::npos);
      }
    }
    if (c.format == std::string("zstd")) {
      continue;  // a frame without a checksum does not reveal it
    }
    std::string broken = c.bytes;
    for (std::size_t i = broken.size() / 2; i < broken.size() / 2 + 64; ++i) {
      broken[i] = static_cast<char>(~broken[i]);
    }
    const TemporaryFile file("log", broken);
    CHECK_THROWS_AS(read_text(file.path()), DataError);
  }
}

TEST_CASE("text file: a folder and a missing file are refused") {
  CHECK_THROWS_WITH_AS(
      read_text("/tmp"), "data: /tmp is a folder; expected a file of interactions", DataError);
  CHECK_THROWS_AS(read_text("/nonexistent"), DataError);
}

}  // namespace
}  // namespace elastic::data

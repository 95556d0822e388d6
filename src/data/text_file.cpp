#include "data/text_file.h"

#include <fcntl.h>
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/utf8.h"

namespace elastic::data {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

std::string shown(const std::string& path) {
  return path == "-" ? "standard input" : path;
}

[[noreturn]] void fail_compressed(const std::string& path, const char* format, const char* reason) {
  throw DataError("data: ", shown(path), ": the ", format, " stream is ", reason);
}

std::string inflate_gzip(const std::string& bytes, const std::string& path) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  ELASTIC_CHECK(inflateInit2(&stream, kGzipWindow) == Z_OK);
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, inflateEnd);
  std::string text;
  std::vector<char> buffer(kBufferBytes);
  std::size_t consumed = 0;
  bool complete = false;
  while (consumed < bytes.size() || (!complete && stream.avail_out == 0)) {
    if (complete) {  // the file has another member
      inflateReset(&stream);
      complete = false;
    }
    const std::size_t part = std::min<std::size_t>(bytes.size() - consumed, std::size_t{1} << 30);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + consumed));
    stream.avail_in = static_cast<uInt>(part);
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      const int result = inflate(&stream, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        fail_compressed(path, "gzip", "broken");
      }
      text.append(buffer.data(), buffer.size() - stream.avail_out);
      complete = result == Z_STREAM_END;
    } while (!complete && (stream.avail_in > 0 || stream.avail_out == 0));
    consumed += part - stream.avail_in;
  }
  if (!complete) {
    fail_compressed(path, "gzip", "truncated");
  }
  return text;
}

std::string decode_xz(const std::string& bytes, const std::string& path) {
  lzma_stream stream = LZMA_STREAM_INIT;
  constexpr std::uint64_t kMemoryLimit = std::uint64_t{1} << 30;
  ELASTIC_CHECK(lzma_stream_decoder(&stream, kMemoryLimit, LZMA_CONCATENATED) == LZMA_OK);
  const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> closer(&stream, lzma_end);
  stream.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
  stream.avail_in = bytes.size();
  std::string text;
  std::vector<char> buffer(kBufferBytes);
  for (;;) {
    stream.next_out = reinterpret_cast<std::uint8_t*>(buffer.data());
    stream.avail_out = buffer.size();
    const lzma_ret result = lzma_code(&stream, LZMA_FINISH);
    text.append(buffer.data(), buffer.size() - stream.avail_out);
    if (result == LZMA_STREAM_END) {
      return text;
    }
    if (result == LZMA_BUF_ERROR) {
      fail_compressed(path, "xz", "truncated");
    }
    if (result != LZMA_OK) {
      fail_compressed(path, "xz", "broken");
    }
  }
}

std::string decode_zstd(const std::string& bytes, const std::string& path) {
  const std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(),
                                                                             ZSTD_freeDStream);
  ELASTIC_CHECK(stream != nullptr);
  std::string text;
  std::vector<char> buffer(kBufferBytes);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::size_t wanted = 1;
  bool output_full = false;
  while (in.pos < in.size || output_full) {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    wanted = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_isError(wanted) != 0) {
      fail_compressed(path, "zstd", "broken");
    }
    text.append(buffer.data(), out.pos);
    output_full = out.pos == out.size;
  }
  if (wanted != 0) {
    fail_compressed(path, "zstd", "truncated");
  }
  return text;
}

}  // namespace

std::string read_bytes(const std::string& path) {
  const int descriptor = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw DataError("data: cannot open ", path, ": ", std::strerror(errno));
  }
  const std::unique_ptr<const int, void (*)(const int*)> closer(&descriptor,
                                                                [](const int* d) { close(*d); });
  struct stat status {};
  if (fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
    throw DataError("data: ", path, " is a folder; expected a file of interactions");
  }
  std::string bytes;
  if (S_ISREG(status.st_mode)) {
    bytes.reserve(static_cast<std::size_t>(status.st_size));
  }
  std::vector<char> buffer(kBufferBytes);
  for (;;) {
    const ssize_t count = read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      throw DataError("data: cannot read ", shown(path), ": ", std::strerror(errno));
    }
    if (count == 0) {
      return bytes;
    }
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::string decode_text(std::string text, const std::string& path) {
  const std::string_view start = std::string_view(text).substr(0, 6);
  using namespace std::string_view_literals;
  if (start.starts_with("\x1f\x8b"sv)) {
    text = inflate_gzip(text, path);
  } else if (start == "\xfd\x37\x7a\x58\x5a\x00"sv) {
    text = decode_xz(text, path);
  } else if (start.starts_with("\x28\xb5\x2f\xfd"sv)) {
    text = decode_zstd(text, path);
  }
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) {
    text.erase(0, kByteOrderMark.size());
  }
  convert_latin1_lines(text);
  return text;
}

std::string read_text(const std::string& path) {
  return decode_text(read_bytes(path), path);
}

}  // namespace elastic::data

#include "data/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

#include "base/error.h"
#include "base/retry.h"
#include "data/compressed.h"
#include "data/containers.h"
#include "data/encoding.h"
#include "data/line_ends.h"
#include "data/text_sink.h"
#include "data/utf8.h"

namespace elastic::data {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 18;

std::string shown(const std::string& path) {
  return path == "-" ? "standard input" : path;
}

[[noreturn]] void fail_read(const std::string& path, const char* action) {
  throw DataError("data: cannot ", action, " ", shown(path), ": ", std::strerror(errno));
}

// Calls `make`, which reads or converts `path`. Names the file if the memory ends.
template <class Make>
std::string within_memory(const std::string& path, const Make& make) {
  try {
    return make();
  } catch (const std::bad_alloc&) {
    throw OutOfMemoryError("data: ", shown(path), ": out of memory while reading it");
  }
}

std::string read_descriptor(int descriptor, const std::string& path, const TextLimits& limits) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) {
    fail_read(path, "read");
  }
  if (S_ISDIR(status.st_mode)) {
    throw DataError("data: ", path, " is a folder; expected a file of interactions");
  }
  std::string bytes;
  if (S_ISREG(status.st_mode)) {
    const auto size = static_cast<std::uint64_t>(status.st_size);
    require_within(limits, size, shown(path));
    bytes.reserve(size);
  }
  std::vector<char> buffer(kReadBytes);
  for (;;) {
    const ssize_t count = read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      fail_read(path, "read");
    }
    if (count == 0) {
      return bytes;
    }
    require_within(limits, bytes.size() + static_cast<std::size_t>(count), shown(path));
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

// The content of a file that is compressed once, twice or not.
std::string decompressed(std::string bytes,
                         const std::string& path,
                         const TextLimits& limits,
                         std::vector<std::string>& notes) {
  const Compression* outer = nullptr;
  constexpr int kMostLevels = 2;
  for (int level = 0;; ++level) {
    refuse_container(bytes, path, outer);
    const Compression* const compression = compression_of(bytes);
    if (compression == nullptr) {
      return bytes;
    }
    if (level == kMostLevels) {
      throw DataError("data: ", shown(path), ": compressed more than twice");
    }
    TextSink sink(shown(path), limits, bytes.size());
    compression->decode(bytes, sink);
    bytes = std::move(sink.text());
    notes.insert(notes.end(), sink.notes().begin(), sink.notes().end());
    outer = compression;
  }
}

// Zero bytes in the first line, or in a tenth of the start.
bool is_binary(std::string_view text) {
  constexpr std::size_t kStart = 4096;
  const std::string_view start = text.substr(0, kStart);
  return start.substr(0, start.find('\n')).find('\0') != std::string_view::npos ||
         static_cast<std::size_t>(std::count(start.begin(), start.end(), '\0')) * 10 > start.size();
}

}  // namespace

std::string read_bytes(const std::string& path, const TextLimits& limits) {
  const int descriptor = retry_interrupted(
      [&] { return path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (descriptor < 0) {
    fail_read(path, "open");
  }
  const std::unique_ptr<const int, void (*)(const int*)> closer(&descriptor,
                                                                [](const int* d) { close(*d); });
  return within_memory(path, [&] { return read_descriptor(descriptor, path, limits); });
}

std::string decode_text(std::string text,
                        const std::string& path,
                        const TextLimits& limits,
                        std::vector<std::string>* notes) {
  std::vector<std::string> found;
  text = within_memory(path, [&] {
    return to_utf8(decompressed(std::move(text), path, limits, found), shown(path));
  });
  if (is_binary(text)) {
    throw DataError("data: ", shown(path), ": this is not a text file: it holds zero bytes");
  }
  unify_line_ends(text);
  const std::int64_t converted = convert_windows1252_lines(text);
  if (converted > 0) {
    found.push_back(concat("lines that are not UTF-8, read as Windows-1252: ", converted));
  }
  if (notes != nullptr) {
    notes->insert(notes->end(), found.begin(), found.end());
  }
  return text;
}

std::string read_text(const std::string& path, const TextLimits& limits) {
  return decode_text(read_bytes(path, limits), path, limits);
}

}  // namespace elastic::data

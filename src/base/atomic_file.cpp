#include "base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/retry.h"

namespace elastic {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
constexpr std::string_view kSuffix = ".tmp";

// Errors of file systems without fsync of folders, and of folders without read permission. The
// rename then has to do without it.
bool cannot_sync_folders(int error) {
  return error == EINVAL || error == ENOTSUP || error == EBADF || error == EACCES || error == EPERM;
}

}  // namespace

AtomicFile::AtomicFile(std::string path)
    : path_(std::move(path)), temporary_path_(concat(path_, ".", ::getpid(), kSuffix)) {
  descriptor_ = retry_interrupted([&] {
    return ::open(temporary_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  });
  if (descriptor_ < 0) {
    fail("open");
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
  if (!temporary_path_.empty()) {
    ::unlink(temporary_path_.c_str());
  }
}

void AtomicFile::write(const void* data, std::size_t bytes) {
  if (buffer_.size() + bytes > kBufferBytes) {
    flush();
  }
  if (bytes >= kBufferBytes) {
    write_through(static_cast<const char*>(data), bytes);
  } else {
    buffer_.append(static_cast<const char*>(data), bytes);
  }
}

void AtomicFile::flush() {
  write_through(buffer_.data(), buffer_.size());
  buffer_.clear();
}

void AtomicFile::write_through(const char* data, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t written = retry_interrupted([&] { return ::write(descriptor_, data, bytes); });
    if (written < 0) {
      fail("write");
    }
    data += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::overwrite(std::uint64_t position, std::string_view text) {
  flush();
  while (!text.empty()) {
    const ssize_t written = retry_interrupted([&] {
      return ::pwrite(descriptor_, text.data(), text.size(), static_cast<off_t>(position));
    });
    if (written < 0) {
      fail("pwrite");
    }
    position += static_cast<std::uint64_t>(written);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void AtomicFile::commit() {
  flush();
  if (retry_interrupted([&] { return ::fsync(descriptor_); }) != 0) {
    fail("fsync");
  }
  close();
  if (std::rename(temporary_path_.c_str(), path_.c_str()) != 0) {
    fail("rename");
  }
  temporary_path_.clear();
  sync_folder();
}

void AtomicFile::close() {
  // Linux closes the descriptor even when the call is interrupted.
  if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) {
    fail("close");
  }
}

// Makes the rename durable.
void AtomicFile::sync_folder() const {
  const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
  const int descriptor = retry_interrupted(
      [&] { return ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC); });
  const bool synced =
      descriptor >= 0 && retry_interrupted([&] { return ::fsync(descriptor); }) == 0;
  const int error = errno;
  if (descriptor >= 0) {
    ::close(descriptor);
  }
  if (!synced && !cannot_sync_folders(error)) {
    throw Error(
        concat(path_,
               ": written, but may be lost in a power failure: fsync of its folder failed: ",
               std::strerror(error)));
  }
}

void AtomicFile::fail(const char* action) const {
  const int error = errno;
  throw Error(concat(path_,
                     ": cannot be written: ",
                     action,
                     " of ",
                     temporary_path_,
                     " failed: ",
                     std::strerror(error),
                     "; the former content is unchanged"));
}

void write_file_atomically(const std::string& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

bool is_atomic_leftover(std::string_view name) {
  if (!name.ends_with(kSuffix)) {
    return false;
  }
  name.remove_suffix(kSuffix.size());
  const std::size_t dot = name.rfind('.');
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return dot != std::string_view::npos && dot > 0 && dot + 1 < name.size() &&
         std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dot) + 1, name.end(), is_digit);
}

}  // namespace elastic

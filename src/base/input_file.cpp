#include "base/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/retry.h"

namespace elastic {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 16;

const char* kind_of(mode_t mode) {
  return S_ISDIR(mode)    ? "a folder"
         : S_ISFIFO(mode) ? "a pipe"
         : S_ISSOCK(mode) ? "a socket"
                          : "a device";
}

}  // namespace

InputFile::InputFile(std::string path) : path_(std::move(path)) {
  // Without O_NONBLOCK, a pipe without a writer would be waited for.
  descriptor_.reset(retry_interrupted(
      [&] { return ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); }));
  struct stat status {};
  if (descriptor_.get() < 0 || ::fstat(descriptor_.get(), &status) != 0) {
    refuse(errno);
  }
  if (!S_ISREG(status.st_mode)) {
    throw CheckpointError(path_, ": expected a file, this is ", kind_of(status.st_mode));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

std::size_t InputFile::read_some(void* target, std::size_t bytes) {
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t count = retry_interrupted(
        [&] { return ::read(descriptor_.get(), static_cast<char*>(target) + done, bytes - done); });
    if (count < 0) {
      refuse(errno);
    }
    if (count == 0) {
      break;
    }
    done += static_cast<std::size_t>(count);
  }
  return done;
}

void InputFile::read(void* target, std::size_t bytes) {
  if (read_some(target, bytes) != bytes) {
    throw CheckpointError(path_, ": ended early while reading ", bytes, " bytes");
  }
}

void InputFile::refuse(int error) const {
  if (error == ENOENT) {
    throw CheckpointError(path_, ": no such file");
  }
  throw CheckpointError(path_, ": cannot be read: ", std::strerror(error));
}

std::string read_whole_file(const std::string& path) {
  InputFile file(path);
  std::string content;
  for (;;) {
    const std::size_t before = content.size();
    // One byte more than the rest, so that the end is seen without another piece.
    const std::size_t rest = file.size() > before ? file.size() - before + 1 : kPieceBytes;
    content.resize(before + rest);
    const std::size_t count = file.read_some(content.data() + before, rest);
    content.resize(before + count);
    if (count < rest) {
      return content;
    }
  }
}

bool is_present(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

}  // namespace elastic

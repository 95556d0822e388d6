#include "train/metrics_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/retry.h"
#include "data/json_document.h"

namespace elastic::train {

MetricsLog::MetricsLog(const std::string& path,
                       std::int64_t keep_bytes,
                       const std::string& kept_checksum)
    : path_(path), bytes_(keep_bytes) {
  open();
  read_kept(keep_bytes);
  if (!kept_checksum.empty() && checksum() != kept_checksum) {
    throw CheckpointError(path_,
                          ": its first ",
                          keep_bytes,
                          " bytes are not those that the run's checkpoint refers to: their "
                          "checksum is ",
                          checksum(),
                          ", expected ",
                          kept_checksum);
  }
  if (retry_interrupted([&] { return ::ftruncate(descriptor_.get(), bytes_); }) != 0) {
    fail("truncate");
  }
}

void MetricsLog::open() {
  // Without O_NONBLOCK, a pipe in place of the file would be waited for.
  descriptor_.reset(retry_interrupted([&] {
    return ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0666);
  }));
  if (descriptor_.get() < 0 && errno != EISDIR) {
    fail("open");
  }
  struct stat status {};
  const bool is_folder = descriptor_.get() < 0;
  if (!is_folder && ::fstat(descriptor_.get(), &status) != 0) {
    fail("stat");
  }
  if (is_folder || !S_ISREG(status.st_mode)) {
    throw CheckpointError(
        path_, ": expected a file, this is ", is_folder ? "a folder" : "a pipe or a device");
  }
}

void MetricsLog::read_kept(std::int64_t keep_bytes) {
  std::array<char, 1 << 16> piece{};
  for (std::int64_t at = 0; at < keep_bytes;) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::int64_t>(keep_bytes - at, piece.size()));
    const ssize_t count = retry_interrupted(
        [&] { return ::pread(descriptor_.get(), piece.data(), wanted, static_cast<off_t>(at)); });
    if (count < 0) {
      throw CheckpointError(path_, ": cannot be read: ", std::strerror(errno));
    }
    if (count == 0) {
      throw CheckpointError(
          path_, ": has ", at, " bytes, the run's checkpoint refers to ", keep_bytes, " of them");
    }
    checksum_.add(piece.data(), static_cast<std::size_t>(count));
    at += count;
  }
}

void MetricsLog::write(const nlohmann::ordered_json& event) {
  const std::string line = data::json_text(event) + "\n";
  checksum_.add(line);
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t written = retry_interrupted(
        [&] { return ::write(descriptor_.get(), line.data() + done, line.size() - done); });
    if (written < 0) {
      fail("write");
    }
    done += static_cast<std::size_t>(written);
  }
  bytes_ += static_cast<std::int64_t>(line.size());
  if (listener_) {
    listener_(event);
  }
}

void MetricsLog::sync() {
  if (retry_interrupted([&] { return ::fsync(descriptor_.get()); }) != 0) {
    fail("fsync");
  }
}

void MetricsLog::fail(const char* action) const {
  throw Error(concat(path_, ": cannot be written: ", action, " failed: ", std::strerror(errno)));
}

}  // namespace elastic::train

#include "train/metrics_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/retry.h"
#include "data/json_document.h"

namespace elastic::train {

MetricsLog::MetricsLog(const std::string& path, std::int64_t keep_bytes) : path_(path) {
  descriptor_ = retry_interrupted(
      [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666); });
  if (descriptor_ < 0) {
    fail("open");
  }
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    fail("stat");
  }
  bytes_ = std::min<std::int64_t>(status.st_size, keep_bytes);
  if (retry_interrupted([&] { return ::ftruncate(descriptor_, bytes_); }) != 0) {
    fail("truncate");
  }
}

MetricsLog::~MetricsLog() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

void MetricsLog::write(const nlohmann::ordered_json& event) {
  const std::string line = data::json_text(event) + "\n";
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t written = retry_interrupted(
        [&] { return ::write(descriptor_, line.data() + done, line.size() - done); });
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
  if (retry_interrupted([&] { return ::fsync(descriptor_); }) != 0) {
    fail("fsync");
  }
}

void MetricsLog::fail(const char* action) const {
  throw Error(concat(path_, ": cannot be written: ", action, " failed: ", std::strerror(errno)));
}

}  // namespace elastic::train

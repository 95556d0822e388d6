#include "cli/asking/line_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "base/retry.h"
#include "data/utf8.h"

namespace elastic::cli {
namespace {
constexpr std::size_t kReadBytes = std::size_t{1} << 16;
constexpr int kStopPollMs = 100;  // as often as on_waiting promises
// Some editors write it at the start of a UTF-8 file.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
}  // namespace

LineReader::LineReader(const std::string& path, const std::atomic<int>* stop)
    : name_(path == "-" ? "standard input" : path),
      descriptor_(path == "-" ? STDIN_FILENO : retry_interrupted([&] {
        return ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      })),
      stop_(stop) {
  if (descriptor_ < 0) {
    throw DataError("cannot read ", path, ": ", std::strerror(errno));
  }
}

LineReader::~LineReader() {
  if (descriptor_ != STDIN_FILENO) {
    ::close(descriptor_);
  }
}

std::optional<std::string> LineReader::next() {
  while (!at_end_ && !has_line()) {
    read_more();
  }
  if (begin_ == buffer_.size()) {
    return std::nullopt;
  }
  const std::size_t end = has_line() ? searched_ : buffer_.size();
  std::string line = buffer_.substr(begin_, end - begin_);
  if (line_number_ == 0 && line.starts_with(kByteOrderMark)) {
    line.erase(0, kByteOrderMark.size());
  }
  begin_ = std::min(end + 1, buffer_.size());
  searched_ = begin_;
  ++line_number_;
  if (!line.empty() && line.back() == '\r') {
    line.pop_back();
  }
  if (line.size() <= kMaxLineBytes) {
    data::convert_windows1252_lines(line);
  }
  return line;
}

// Looks for the end of the line in text that was not searched before, and leaves `searched_` there.
bool LineReader::has_line() {
  searched_ = std::min(buffer_.find('\n', searched_), buffer_.size());
  return searched_ < buffer_.size();
}

bool LineReader::ready() {
  while (!at_end_ && !has_line()) {
    pollfd waiting{descriptor_, POLLIN, 0};
    if (::poll(&waiting, 1, 0) <= 0) {
      return false;
    }
    read_more();
  }
  return true;
}

void LineReader::read_more() {
  buffer_.erase(0, begin_);
  searched_ -= begin_;
  begin_ = 0;
  const std::size_t kept = buffer_.size();
  if (stop_ != nullptr) {
    // Poll: a signal between a check of the flag and a read would leave the read waiting.
    pollfd waiting{descriptor_, POLLIN, 0};
    while (!at_end_ && ::poll(&waiting, 1, kStopPollMs) <= 0) {
      if (waiting_) {
        waiting_();
      }
      at_end_ = stop_->load(std::memory_order_relaxed) != 0;
    }
    at_end_ = at_end_ || stop_->load(std::memory_order_relaxed) != 0;
    if (at_end_) {
      return;
    }
  }
  buffer_.resize(kept + kReadBytes);
  ssize_t count = 0;
  do {
    count = ::read(descriptor_, buffer_.data() + kept, kReadBytes);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    throw DataError("cannot read ", name_, ": ", std::strerror(errno));
  }
  buffer_.resize(kept + static_cast<std::size_t>(count));
  at_end_ = count == 0;
  if (kept > kMaxLineBytes) {  // the new bytes continue a line that is too long
    const std::size_t end = std::min(buffer_.find('\n', kept), buffer_.size());
    buffer_.erase(kMaxLineBytes + 1, end - (kMaxLineBytes + 1));
    searched_ = kMaxLineBytes + 1;
  }
}

}  // namespace elastic::cli

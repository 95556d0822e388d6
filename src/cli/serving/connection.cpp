#include "cli/serving/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace elastic::cli {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 16;
// Reads of one call, so that a fast sender does not keep others waiting.
constexpr int kReadsAtOnce = 16;

Connection::Progress blocked_or_failed() {
  return errno == EAGAIN || errno == EWOULDBLOCK ? Connection::Progress::kBlocked
                                                 : Connection::Progress::kFailed;
}

}  // namespace

Connection::Progress Connection::receive(std::size_t limit) {
  std::array<char, kReadBytes> buffer;  // NOLINT: recv fills it
  for (int reads = 0; reads < kReadsAtOnce; ++reads) {
    if (input.size() >= limit) {
      return Progress::kDone;
    }
    const std::size_t wanted = std::min(buffer.size(), limit - input.size());
    const ssize_t count = ::recv(socket.get(), buffer.data(), wanted, 0);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return blocked_or_failed();
    }
    if (count == 0) {
      has_ended = true;
      return Progress::kDone;
    }
    input.append(buffer.data(), static_cast<std::size_t>(count));
    if (static_cast<std::size_t>(count) < wanted) {
      return Progress::kBlocked;  // saves a call that would find nothing
    }
  }
  return Progress::kBlocked;
}

Connection::Progress Connection::send() {
  while (sent < output.size()) {
    const ssize_t count =
        ::send(socket.get(), output.data() + sent, output.size() - sent, MSG_NOSIGNAL);
    if (count >= 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      return blocked_or_failed();
    }
  }
  output.clear();
  sent = 0;
  return Progress::kDone;
}

Connection::Progress Connection::discard() {
  std::array<char, kReadBytes> buffer;  // NOLINT: recv fills it
  for (int reads = 0; reads < kReadsAtOnce; ++reads) {
    const ssize_t count = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (count == 0) {
      return Progress::kDone;
    }
    if (count < 0 && errno != EINTR) {
      return blocked_or_failed();
    }
  }
  return Progress::kBlocked;
}

}  // namespace elastic::cli

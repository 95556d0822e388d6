#include "cli/output/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace elastic::cli {
namespace {
constexpr std::size_t kFlushBytes = std::size_t{1} << 16;
}

void Output::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kFlushBytes) {
    flush();
  }
}

void Output::flush() {
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t count = ::write(STDOUT_FILENO, buffer_.data() + done, buffer_.size() - done);
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno == EPIPE) {
      throw BrokenPipe{};
    } else if (errno != EINTR) {
      throw Error(concat("cannot write to standard output: ", std::strerror(errno)));
    }
  }
  buffer_.clear();
}

void print(std::string_view text) {
  Output output;
  output.write(text);
  output.flush();
}

}  // namespace elastic::cli

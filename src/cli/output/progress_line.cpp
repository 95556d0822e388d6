#include "cli/output/progress_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/visible_text.h"
#include "cli/output/terminal.h"

namespace elastic::cli {
namespace {
// Ten updates a second for a person; fewer in a log file.
constexpr std::chrono::milliseconds kLiveInterval{100};
constexpr std::chrono::milliseconds kPlainInterval{10000};
}  // namespace

ProgressLine::ProgressLine(bool quiet)
    : quiet_(quiet), live_(error_is_terminal()), last_(Clock::now()) {}

ProgressLine::~ProgressLine() {
  if (shown_) {
    std::fputc('\n', stderr);
  }
}

bool ProgressLine::due() const {
  return !quiet_ && Clock::now() - last_ >= (live_ ? kLiveInterval : kPlainInterval);
}

void ProgressLine::update(const std::string& text) {
  if (!due()) {
    return;
  }
  last_ = Clock::now();
  if (live_) {
    // One column less than the width, so that no terminal wraps.
    const auto width = static_cast<std::size_t>(std::max(1, error_width() - 1));
    std::fprintf(stderr, "\r%s\033[K", visible(text.substr(0, width)).c_str());
    std::fflush(stderr);
    shown_ = true;
  } else {
    std::fprintf(stderr, "%s\n", visible(text).c_str());
  }
}

void ProgressLine::message(const std::string& text) {
  if (quiet_) {
    return;
  }
  clear_live_line();
  std::fprintf(stderr, "%s\n", visible(text).c_str());
}

void ProgressLine::clear_live_line() {
  if (shown_) {
    std::fputs("\r\033[K", stderr);
    shown_ = false;
  }
}

std::string format_duration(double seconds) {
  const auto total = static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e9));
  if (total >= 3600) {
    return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
  }
  return fmt::format("{}:{:02}", total / 60, total % 60);
}

std::string format_bytes(double bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024.0 && unit + 1 < kUnits.size()) {
    bytes /= 1024.0;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", bytes, unit == 0 || bytes >= 100.0 ? 0 : 1, kUnits[unit]);
}

}  // namespace elastic::cli

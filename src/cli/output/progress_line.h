// Progress on standard error: one live line on a terminal, else a plain line every ten seconds.
#pragma once

#include <chrono>
#include <string>

namespace elastic::cli {

class ProgressLine {
 public:
  /// Prints nothing if `quiet`.
  explicit ProgressLine(bool quiet);
  /// Ends the live line, which stays visible.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// True if `update` would print now; saves making a text that is not shown.
  [[nodiscard]] bool due() const;
  /// Replaces the live line, if an update is due. `text` is shown as visible() does.
  void update(const std::string& text);
  /// Prints a line that stays, at any time, as visible() shows it.
  void message(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  void clear_live_line();

  bool quiet_;
  bool live_;           ///< standard error is a terminal
  bool shown_ = false;  ///< a live line is visible
  Clock::time_point last_;
};

/// A duration as "1:02:03" or "4:05".
std::string format_duration(double seconds);
/// A number of bytes as "1.5 GiB".
std::string format_bytes(double bytes);

}  // namespace elastic::cli

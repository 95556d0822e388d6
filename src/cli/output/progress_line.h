// Progress on standard error: one live line on a terminal, a plain line now and then elsewhere.
#pragma once

#include <chrono>
#include <string>

namespace elastic::cli {

class ProgressLine {
 public:
  /// A quiet one prints nothing.
  explicit ProgressLine(bool quiet);
  /// Leaves the last live line standing.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// True when the next `update` would be shown: asked first, so that a text is made only then.
  [[nodiscard]] bool due() const;
  /// The state of things: replaces the live line.
  void update(const std::string& text);
  /// A line that stays, whatever the time.
  void message(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  void clear_live_line();

  bool quiet_;
  bool live_;           ///< a terminal
  bool shown_ = false;  ///< a live line stands
  Clock::time_point last_;
};

/// "1:02:03", "4:05"; for times left and times taken.
std::string format_duration(double seconds);
/// "1.5 GiB"
std::string format_bytes(double bytes);

}  // namespace elastic::cli

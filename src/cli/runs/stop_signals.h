// Stopping a training run with Ctrl-C, without losing it.
#pragma once

#include <array>
#include <atomic>
#include <csignal>

namespace elastic::cli {

/// While one lives, SIGINT, SIGTERM and SIGHUP ask for a stop instead of ending the process; the
/// second one ends it at once. A signal that was ignored before (nohup) stays ignored.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Holds the signal that asked for a stop, 0 if none did.
  static const std::atomic<int>& received();

 private:
  static constexpr std::array<int, 3> kSignals{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace elastic::cli

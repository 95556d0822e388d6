// Signals that stop training or a stream, with the state saved.
#pragma once

#include <array>
#include <atomic>
#include <csignal>

namespace elastic::cli {

/// While an object lives, the first SIGINT, SIGTERM or SIGHUP requests a stop, and the second ends
/// the process at once. A signal that was ignored before (nohup) stays ignored.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// The signal that requested a stop, 0 if none did.
  static const std::atomic<int>& received();

 private:
  static constexpr std::array<int, 3> kSignals{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace elastic::cli

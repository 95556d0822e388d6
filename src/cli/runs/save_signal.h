// SIGUSR1: saves the state of a run without stopping it.
#pragma once

#include <atomic>
#include <csignal>

namespace elastic::cli {

/// While an object lives, SIGUSR1 requests a save instead of ending the process. A signal that was
/// ignored before stays ignored.
class SaveSignal {
 public:
  SaveSignal();
  ~SaveSignal();
  SaveSignal(const SaveSignal&) = delete;
  SaveSignal& operator=(const SaveSignal&) = delete;

  /// Holds the signal back until an object lives, so that it does not end a process that is still
  /// starting. To be called at the start of main; processes without an object ignore the signal.
  static void hold();
  /// True after the signal. The receiver of the request resets it.
  static std::atomic<bool>& received();

 private:
  struct sigaction before_ {};
};

}  // namespace elastic::cli

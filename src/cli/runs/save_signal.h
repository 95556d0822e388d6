// Saving a run when its owner asks, without stopping it.
#pragma once

#include <atomic>
#include <csignal>

namespace elastic::cli {

/// While one lives, SIGUSR1 asks for the state to be saved instead of ending the process. Ignored
/// as before where it was ignored.
class SaveSignal {
 public:
  SaveSignal();
  ~SaveSignal();
  SaveSignal(const SaveSignal&) = delete;
  SaveSignal& operator=(const SaveSignal&) = delete;

  /// True once the signal has come, until somebody sets it back.
  static std::atomic<bool>& received();

 private:
  struct sigaction before_ {};
};

}  // namespace elastic::cli
